/** The stretch of time that is looked at, in days or months of UTC. Pure. */
import { civilFromDays, DAY, daysFromCivil, plusMonths } from "../billing/time/civil.ts";
import type { Instant } from "../billing/time/instant.ts";
import type { Period } from "../billing/time/period.ts";
import { invalidField } from "../errors.ts";

export type Granularity = "day" | "month";

export interface Window {
  granularity: Granularity;
  /** The first begins at or before `from`; the last may be running still. */
  periods: readonly Period[];
  start: Instant;
  /** What happened at it, or later, is not looked at. */
  end: Instant;
}

const MAX_PERIODS = { day: 400, month: 120 } as const;
const USUAL = { day: 89, month: 11 } as const;

function floor(at: Instant, granularity: Granularity): Instant {
  const days = Math.floor(at / DAY);
  if (granularity === "day") return days * DAY;
  const { year, month } = civilFromDays(days);
  return daysFromCivil(year, month, 1) * DAY;
}

export function after(start: Instant, granularity: Granularity, steps: number): Instant {
  if (granularity === "day") return start + steps * DAY;
  const { year, month } = plusMonths(civilFromDays(Math.floor(start / DAY)), steps);
  return daysFromCivil(year, month, 1) * DAY;
}

/** Without `to` up to now, without `from` the last twelve months, or ninety days. Throws a 422 for what is none or too long. */
export function windowOf(ask: { from?: Instant | undefined; to?: Instant | undefined; granularity: Granularity }, now: Instant): Window {
  const { granularity } = ask;
  const end = ask.to ?? now + 1;
  const start = floor(ask.from ?? after(floor(end - 1, granularity), granularity, -USUAL[granularity]), granularity);
  if (start >= end) throw invalidField("from", "must lie before `to`");
  const periods: Period[] = [];
  for (let at = start; at < end; at = periods.at(-1)!.end) {
    periods.push({ start: at, end: after(at, granularity, 1) });
    if (periods.length > MAX_PERIODS[granularity])
      throw invalidField("from", `there are more than ${MAX_PERIODS[granularity]} ${granularity}s in that time`);
  }
  return { granularity, periods, start, end };
}

/** Of periods that are over: what is still running says nothing about the next. */
export function closed<T>(window: Window, values: readonly T[]): T[] {
  return values.filter((_, index) => window.periods[index]!.end <= window.end);
}

/** One value a period, from rows that name its start; where there is no row, `none`. */
export function fill<R extends { start: Instant }, T>(window: Window, rows: readonly R[], value: (row: R | undefined) => T): T[] {
  const byStart = new Map(rows.map((row) => [row.start, row]));
  return window.periods.map(({ start }) => value(byStart.get(start)));
}
