/** The windows that limits and counters are kept in: which one an instant falls in, and when it is over. */
import { civilFromDays, DAY, daysFromCivil, HOUR, MINUTE, plusMonths } from "./civil.ts";
import { BEGINNING, FAR_FUTURE, type Instant } from "./instant.ts";
import type { Period } from "./period.ts";
import { fromWall, localDay } from "./zone.ts";

export const WINDOWS = ["minute", "hour", "day", "month", "billing_period", "lifetime"] as const;
export type Window = (typeof WINDOWS)[number];

/**
 * The window that holds `at`, half-open. Minutes and hours are cut on UTC, also in zones that are half an hour off, since
 * they limit rates; days and months are those of the zone. Without a billing period (a tenant on the free tier)
 * `billing_period` is the calendar month: no subscription must never mean no limit.
 */
export function windowAt(window: Window, timeZone: string, at: Instant, billingPeriod: Period | null): Period {
  switch (window) {
    case "minute":
      return floored(at, MINUTE);
    case "hour":
      return floored(at, HOUR);
    case "day":
      return dayAt(timeZone, at);
    case "month":
      return monthAt(timeZone, at);
    case "billing_period":
      return billingPeriod ?? monthAt(timeZone, at);
    case "lifetime":
      return { start: BEGINNING, end: FAR_FUTURE };
  }
}

function floored(at: Instant, length: number): Period {
  const start = Math.floor(at / length) * length;
  return { start, end: start + length };
}

function dayAt(timeZone: string, at: Instant): Period {
  const day = localDay(timeZone, at);
  return { start: fromWall(timeZone, day * DAY), end: fromWall(timeZone, (day + 1) * DAY) };
}

function monthAt(timeZone: string, at: Instant): Period {
  const { year, month } = civilFromDays(localDay(timeZone, at));
  const next = plusMonths({ year, month, day: 1 }, 1);
  return {
    start: fromWall(timeZone, daysFromCivil(year, month, 1) * DAY),
    end: fromWall(timeZone, daysFromCivil(next.year, next.month, 1) * DAY),
  };
}
