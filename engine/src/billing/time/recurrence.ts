/** Something that happens again and again (a reset, a renewal, a top-up), and the periods that it cuts time into. */
import type { Instant } from "./instant.ts";
import { type Interval, type Period, periodAt, periodStart } from "./period.ts";

/** Occurrences at anchor + k × interval for every whole k, in the zone. */
export interface Recurrence {
  readonly anchor: Instant;
  readonly interval: Interval;
  readonly timeZone: string;
}

/** A recurrence that rules from an instant on, which is itself an occurrence; until the next one of its list takes over. */
export interface RecurrenceFrom extends Recurrence {
  readonly effectiveFrom: Instant;
}

export type Boundary = "inclusive" | "exclusive";

/** The first occurrence after `at`, or at it where `boundary` is inclusive. */
export function nextOccurrence({ anchor, interval, timeZone }: Recurrence, at: Instant, boundary: Boundary): Instant {
  const period = periodAt(anchor, interval, timeZone, at);
  return boundary === "inclusive" && period.start === at ? at : period.end;
}

/** The last occurrence before `at`, or at it where `boundary` is inclusive. */
export function previousOccurrence({ anchor, interval, timeZone }: Recurrence, at: Instant, boundary: Boundary): Instant {
  const { index, start } = periodAt(anchor, interval, timeZone, at);
  return boundary === "inclusive" || start < at ? start : periodStart(anchor, interval, timeZone, index - 1);
}

/** The period between two occurrences that holds `at`. */
export function occurrencePeriodAt({ anchor, interval, timeZone }: Recurrence, at: Instant): Period {
  const { start, end } = periodAt(anchor, interval, timeZone, at);
  return { start, end };
}

/** `count` periods in a row from `start`, which need not be an occurrence: the first one is then cut short. */
export function periodsFrom(recurrence: Recurrence, start: Instant, count: number): Period[] {
  const { anchor, interval, timeZone } = recurrence;
  const { index } = periodAt(anchor, interval, timeZone, start);
  return Array.from({ length: count }, (_, n) => ({
    start: n === 0 ? start : periodStart(anchor, interval, timeZone, index + n),
    end: periodStart(anchor, interval, timeZone, index + n + 1),
  }));
}

/**
 * The usage period that holds `at`, where the recurrence changed over time (a plan change moved the reset). Periods are cut
 * where the next recurrence takes over; an instant before the first one belongs to the first period. `list` ascends by
 * `effectiveFrom`; throws RangeError where it is empty.
 */
export function usagePeriodAt(list: readonly RecurrenceFrom[], at: Instant): Period {
  const first = list[0];
  if (first === undefined) throw new RangeError("a usage period needs a recurrence");
  const inside = Math.max(at, first.effectiveFrom);
  const position = list.findLastIndex((entry) => entry.effectiveFrom <= inside);
  const ruling = list[position]!;
  const period = occurrencePeriodAt(ruling, inside);
  return {
    start: Math.max(period.start, ruling.effectiveFrom),
    end: Math.min(period.end, list[position + 1]?.effectiveFrom ?? period.end),
  };
}

/** Every reset of the list in [from, to], both ends included. Each `effectiveFrom` is a reset. */
export function resetsBetween(list: readonly RecurrenceFrom[], from: Instant, to: Instant): Instant[] {
  const resets: Instant[] = [];
  list.forEach((ruling, position) => {
    const until = Math.min(to, (list[position + 1]?.effectiveFrom ?? Number.POSITIVE_INFINITY) - 1);
    if (ruling.effectiveFrom >= from && ruling.effectiveFrom <= until) resets.push(ruling.effectiveFrom);
    const { anchor, interval, timeZone } = ruling;
    const since = Math.max(from - 1, ruling.effectiveFrom);
    if (since >= until) return;
    const first = periodAt(anchor, interval, timeZone, since).index + 1;
    const last = periodAt(anchor, interval, timeZone, until).index;
    for (let k = first; k <= last; k++) resets.push(periodStart(anchor, interval, timeZone, k));
  });
  return resets;
}
