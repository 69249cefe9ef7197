/**
 * The next billing date of a subscription that began elsewhere, of which only the current period's start and the anchor are
 * known: an import, a mirror of another processor. What began here is counted from its anchor (`period.ts`) instead.
 */
import { civilFromDays, DAY, daysFromCivil, daysInMonth, plusMonths } from "./civil.ts";
import type { Instant } from "./instant.ts";
import type { Interval } from "./period.ts";
import { fromWall, toWall } from "./zone.ts";

/**
 * The end of the period that starts at `periodStartAt`. The anchor gives the day (clamped to the month), the weekday or the
 * month and day, and always the time of day. A monthly period that starts before the anchor's day ends on that day, and
 * one of several months that starts before the anchor itself ends at the anchor: the short first period.
 */
export function nextBillingAt(periodStartAt: Instant, anchor: Instant, { unit, count }: Interval, timeZone: string): Instant {
  const startDays = Math.floor(toWall(timeZone, periodStartAt) / DAY);
  const anchorWall = toWall(timeZone, anchor);
  const anchorDays = Math.floor(anchorWall / DAY);
  const at = (days: number) => fromWall(timeZone, days * DAY + (anchorWall - anchorDays * DAY));

  if (unit === "day") return at(startDays + count);
  if (unit === "week") {
    const toWeekday = (((anchorDays - startDays) % 7) + 7) % 7;
    return at(startDays + toWeekday + (toWeekday === 0 ? count : count - 1) * 7);
  }

  const start = civilFromDays(startDays);
  const { month, day } = civilFromDays(anchorDays);
  const inMonth = (y: number, m: number) => at(daysFromCivil(y, m, Math.min(day, daysInMonth(y, m))));
  if (unit === "year") return inMonth(start.year + count, month);
  if (count === 3 || count === 6) {
    if (periodStartAt < anchor) return anchor;
  } else if (start.day < Math.min(day, daysInMonth(start.year, start.month))) {
    return inMonth(start.year, start.month);
  }
  const end = plusMonths({ ...start, day: 1 }, count);
  return inMonth(end.year, end.month);
}
