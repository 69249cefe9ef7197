/**
 * Billing periods (domain §2.2). Period k starts at anchor + k × interval, always counted from the anchor, never from the
 * period before, so that 31 January bills on 28 February and on 31 March. One rule for billing periods, credit expiry and
 * rollover. Everything is whole-number arithmetic on local wall time; only `zone.ts` knows clocks that change.
 */
import { type CivilDate, civilFromDays, DAY, daysFromCivil, plusMonths } from "./civil.ts";
import type { Instant } from "./instant.ts";
import { floorToDay, fromWall, localDay, toWall, type Wall } from "./zone.ts";

/** `count` × `unit`; the count is a whole number of at least 1. */
export interface Interval {
  readonly unit: "day" | "week" | "month" | "year";
  readonly count: number;
}

/** Half-open: `start` belongs to the period, `end` to the next. */
export interface Period {
  readonly start: Instant;
  readonly end: Instant;
}

/** A period and its number: 0 starts at the anchor, −1 ends there. */
export interface IndexedPeriod extends Period {
  readonly index: number;
}

/** Start of period `k` (also negative): anchor + k × interval in the zone. Throws RangeError for an interval that does not advance. */
export function periodStart(anchor: Instant, interval: Interval, timeZone: string, k: number): Instant {
  check(interval);
  return startOf(anchor, interval, timeZone, k);
}

/** Number of the period that holds `at`. */
export function periodIndexAt(anchor: Instant, interval: Interval, timeZone: string, at: Instant): number {
  return periodAt(anchor, interval, timeZone, at).index;
}

/** The period that holds `at`, counted from the anchor. */
export function periodAt(anchor: Instant, interval: Interval, timeZone: string, at: Instant): IndexedPeriod {
  check(interval);
  // Clamped days and clock changes put the estimate at most a period off, so that the correction is bounded.
  let index = estimate(toWall(timeZone, anchor), interval, toWall(timeZone, at));
  let start = startOf(anchor, interval, timeZone, index);
  for (let steps = 0; start > at && steps < 4; steps++) start = startOf(anchor, interval, timeZone, --index);
  let end = startOf(anchor, interval, timeZone, index + 1);
  for (let steps = 0; end <= at && steps < 4; steps++) {
    start = end;
    end = startOf(anchor, interval, timeZone, ++index + 1);
  }
  if (!(start <= at && at < end)) throw new RangeError(`no period of ${interval.count} ${interval.unit} from ${anchor} holds ${at}`);
  return { index, start, end };
}

/** The whole period that holds `at`: what the cut first period of a calendar-aligned subscription is prorated against. */
export function fullPeriodAt(anchor: Instant, interval: Interval, timeZone: string, at: Instant): Period {
  const { start, end } = periodAt(anchor, interval, timeZone, at);
  return { start, end };
}

/** The period that holds `at`, cut at `startAt`: the first one of a calendar-aligned subscription is [startAt, next boundary). */
export function servicePeriodAt(startAt: Instant, anchor: Instant, interval: Interval, timeZone: string, at: Instant): IndexedPeriod {
  const period = periodAt(anchor, interval, timeZone, at);
  return { index: period.index, start: Math.max(period.start, Math.min(startAt, period.end)), end: period.end };
}

/**
 * The calendar boundary at or before `startAt` in the zone: midnight for days, Monday for weeks, the first of the month,
 * 1 January for years. Months that divide a year keep to it: three are the quarters, six the half years.
 */
export function alignAnchor(startAt: Instant, interval: Interval, timeZone: string): Instant {
  check(interval);
  const wall = toWall(timeZone, startAt);
  if (interval.unit === "day") return fromWall(timeZone, floorToDay(wall));
  const days = Math.floor(wall / DAY);
  // 1970-01-01 was a Thursday, three days after its Monday.
  if (interval.unit === "week") return fromWall(timeZone, (days - ((((days + 3) % 7) + 7) % 7)) * DAY);
  const { year, month } = civilFromDays(days);
  if (interval.unit === "year") return fromWall(timeZone, daysFromCivil(year, 1, 1) * DAY);
  const first = 12 % interval.count === 0 ? month - ((month - 1) % interval.count) : month;
  return fromWall(timeZone, daysFromCivil(year, first, 1) * DAY);
}

/** Calendar days from the local date of the start to that of the end. */
export function daysOf(period: Period, timeZone: string): number {
  return localDay(timeZone, period.end) - localDay(timeZone, period.start);
}

/** The part of two periods that both cover, or null where they share no instant. */
export function overlap(a: Period, b: Period): Period | null {
  const start = Math.max(a.start, b.start);
  const end = Math.min(a.end, b.end);
  return start < end ? { start, end } : null;
}

function startOf(anchor: Instant, { unit, count }: Interval, timeZone: string, k: number): Instant {
  // The anchor is itself, also where it is the second of two instants with the same local time.
  if (k === 0) return anchor;
  const wall = toWall(timeZone, anchor);
  if (unit === "day") return fromWall(timeZone, wall + k * count * DAY);
  if (unit === "week") return fromWall(timeZone, wall + k * count * 7 * DAY);
  const days = Math.floor(wall / DAY);
  const date = plusMonths(civilFromDays(days), k * months(unit, count));
  return fromWall(timeZone, daysFromCivil(date.year, date.month, date.day) * DAY + (wall - days * DAY));
}

function estimate(anchor: Wall, { unit, count }: Interval, at: Wall): number {
  if (unit === "day") return Math.floor((at - anchor) / (count * DAY));
  if (unit === "week") return Math.floor((at - anchor) / (count * 7 * DAY));
  const from = civilFromDays(Math.floor(anchor / DAY));
  const to = civilFromDays(Math.floor(at / DAY));
  return Math.floor((monthNumber(to) - monthNumber(from)) / months(unit, count));
}

function months(unit: "month" | "year", count: number): number {
  return unit === "year" ? 12 * count : count;
}

function monthNumber(date: CivilDate): number {
  return date.year * 12 + date.month;
}

function check({ unit, count }: Interval): void {
  if (!(Number.isInteger(count) && count >= 1)) throw new RangeError(`an interval of ${count} ${unit} does not advance`);
}
