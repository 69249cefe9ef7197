/** How much happens when: by the hour of the tenant's own clock, the day of its week, growth, and the odd busy afternoon. */
import { DAY, HOUR } from "../../billing/time/civil.ts";
import type { Instant } from "../../billing/time/instant.ts";
import { toWall } from "../../billing/time/zone.ts";
import { seeded } from "../random.ts";
import type { Company, Rhythm } from "./companies.ts";

/** Weights of the 24 hours of a working day, and how much of it a day of the weekend is. */
const SHAPES: Record<Rhythm, { hours: readonly number[]; weekend: number }> = {
  office: { hours: [1, 1, 1, 1, 1, 2, 4, 10, 28, 52, 60, 55, 34, 46, 58, 54, 44, 30, 14, 8, 6, 5, 3, 2], weekend: 0.09 },
  consumer: { hours: [14, 8, 4, 3, 2, 3, 6, 12, 16, 17, 18, 20, 24, 22, 20, 21, 25, 32, 42, 55, 60, 58, 44, 27], weekend: 1.35 },
  batch: { hours: [8, 40, 90, 60, 20, 6, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 3, 4], weekend: 0.8 },
  agents: { hours: [22, 21, 20, 20, 20, 21, 24, 27, 30, 33, 34, 34, 33, 33, 34, 34, 33, 31, 29, 28, 27, 26, 25, 23], weekend: 0.75 },
  idle: { hours: Array.from({ length: 24 }, () => 1), weekend: 0 },
};

/** The mean number of requests of a company in the hour that begins at `hour`. */
export function requestsIn(company: Company, monthStart: Instant, hour: Instant): number {
  if (company.requests === 0) return 0;
  const { hours, weekend } = SHAPES[company.rhythm];
  const wall = toWall(company.timeZone, hour);
  const day = Math.floor(wall / DAY);
  const localHour = Math.floor((wall - day * DAY) / HOUR);
  const sum = hours.reduce((total, weight) => total + weight, 0);
  const share = hours[localHour]! / sum;
  return company.requests * share * (isWeekend(day) ? weekend : 1) * grown(company, monthStart, hour) * mood(company, day, localHour);
}

// 1970-01-01, day 0, was a Thursday.
function isWeekend(day: number): boolean {
  const weekday = (day + 4) % 7;
  return weekday === 0 || weekday === 6;
}

/** 1 in the middle of the month, `growth` times as much at its end as at its start. */
export function grown(company: Company, monthStart: Instant, at: Instant): number {
  return company.growth ** ((at - monthStart) / (30 * DAY) - 0.5);
}

// No two days are alike; one in thirty has three hours in which something is launched, imported or goes round.
function mood(company: Company, day: number, localHour: number): number {
  const random = seeded(`${company.id} day ${day}`);
  const ordinary = 0.75 + random.next() / 2;
  const burst = random.chance(1 / 30) ? random.whole(8, 20) : -9;
  return ordinary * (localHour >= burst && localHour < burst + 3 ? 5 : 1);
}
