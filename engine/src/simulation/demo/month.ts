/** The demo's month, and where the clock stops on the way through it. */
import { civilFromDays, DAY, daysFromCivil, plusMonths } from "../../billing/time/civil.ts";
import { formatInstant, type Instant } from "../../billing/time/instant.ts";
import { fromWall } from "../../billing/time/zone.ts";
import { COMPANIES, type Company } from "./companies.ts";

export interface DemoMonth {
  /** The first of the month, in UTC; and of the month after. */
  start: Instant;
  end: Instant;
  /** A day after the month's end, so that it is over everywhere on Earth: here the demo's clock is left standing. */
  done: Instant;
}

const CLOCK_NAME = /^Demo month (\d{4}-\d{2})$/;

/** The month before last: long enough ago that the clock of the demo can be moved on for a while without passing today. */
export function demoMonthBefore(now: Instant): DemoMonth {
  const today = civilFromDays(Math.floor(now / DAY));
  return monthOf(plusMonths({ ...today, day: 1 }, -2));
}

/** The name of the demo's clock says which month it is. */
export function clockName(month: DemoMonth): string {
  return `Demo month ${formatInstant(month.start).slice(0, 7)}`;
}

export function monthOfClock(name: string): DemoMonth | null {
  const [year, month] = CLOCK_NAME.exec(name)?.[1]?.split("-").map(Number) ?? [];
  return year === undefined || month === undefined ? null : monthOf({ year, month });
}

function monthOf({ year, month }: { year: number; month: number }): DemoMonth {
  const next = plusMonths({ year, month, day: 1 }, 1);
  const end = daysFromCivil(next.year, next.month, 1) * DAY;
  return { start: daysFromCivil(year, month, 1) * DAY, end, done: end + DAY };
}

/** When a company subscribed: at the start of the month by its own clocks, or one morning later on. */
export function joinedAt(company: Company, month: DemoMonth): Instant {
  const morning = company.joined === 1 ? 0 : 9.6 * 3_600_000;
  return fromWall(company.timeZone, month.start + (company.joined - 1) * DAY + morning);
}

/**
 * The stops of the clock, from the month's start to a day after its end: each midnight in UTC, and each tenant's own end of
 * the month, so that its last events are in before its period closes.
 */
export function stopsOf(month: DemoMonth): Instant[] {
  const stops = new Set(COMPANIES.map((company) => fromWall(company.timeZone, month.end)));
  for (let at = month.start + DAY; at <= month.done; at += DAY) stops.add(at);
  return [...stops].sort((a, b) => a - b);
}
