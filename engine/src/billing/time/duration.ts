/** ISO 8601 durations (`P1M`, `P1DT20H`): trials, expiries and cadences as people write them. */
import { civilFromDays, DAY, daysFromCivil, HOUR, MINUTE, plusMonths, SECOND } from "./civil.ts";
import type { Instant } from "./instant.ts";
import type { Interval } from "./period.ts";

/** Calendar months, calendar days and exact milliseconds: three things that do not convert into each other. */
export interface Duration {
  readonly months: number;
  readonly days: number;
  readonly millis: number;
}

const PATTERN =
  /^P(?=\d|T\d)(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?$/;

/** The duration that a text names, in whole units and not negative; null where it names none. */
export function parseDuration(text: string): Duration | null {
  const match = PATTERN.exec(text);
  if (match === null) return null;
  const [years, months, weeks, days, hours, minutes, seconds] = match.slice(1).map((part) => (part === undefined ? 0 : Number(part)));
  return {
    months: years! * 12 + months!,
    days: weeks! * 7 + days!,
    millis: hours! * HOUR + minutes! * MINUTE + seconds! * SECOND,
  };
}

/** `at` plus the duration in UTC: months first, clamped to the month's last day, then days, then the time. */
export function addDuration(at: Instant, { months, days, millis }: Duration): Instant {
  const day = Math.floor(at / DAY);
  if (months === 0) return at + days * DAY + millis;
  const date = plusMonths(civilFromDays(day), months);
  return daysFromCivil(date.year, date.month, date.day) * DAY + (at - day * DAY) + days * DAY + millis;
}

/** The billing interval that a duration is, or null where it mixes months with days, has a time, or is empty. */
export function intervalOf({ months, days, millis }: Duration): Interval | null {
  if (millis !== 0) return null;
  if (months > 0 && days === 0) return months % 12 === 0 ? { unit: "year", count: months / 12 } : { unit: "month", count: months };
  if (days > 0 && months === 0) return days % 7 === 0 ? { unit: "week", count: days / 7 } : { unit: "day", count: days };
  return null;
}
