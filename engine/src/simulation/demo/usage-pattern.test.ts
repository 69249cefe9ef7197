import { expect, test } from "vitest";
import { DAY, HOUR } from "../../billing/time/civil.ts";
import { toWall } from "../../billing/time/zone.ts";
import { COMPANIES, type Company } from "./companies.ts";
import { joinedAt, monthOfClock, stopsOf } from "./month.ts";
import { sentBetween } from "./usage-pattern.ts";

const month = monthOfClock("Demo month 2026-09")!;
const named = (id: string): Company => COMPANIES.find((company) => company.id === id)!;
const sentIn = (company: Company, from: number, to: number) => sentBetween(company, month.start, joinedAt(company, month), from, to);
const monthOf = (company: Company) => sentIn(company, month.start - DAY, month.done);

test("the same hours are the same, however they are cut", () => {
  const company = named("saffron-street-labs");
  const parts = stopsOf(month).map((to, index, stops) => sentIn(company, stops[index - 1] ?? month.start - DAY, to));
  const sorted = (events: { idempotency_key: string }[]) => events.map((event) => JSON.stringify(event)).sort();
  expect(sorted(parts.flat())).toEqual(sorted(monthOf(company)));
});

test("a key names one event; a few are sent twice, a few come late", () => {
  const all = COMPANIES.flatMap(monthOf);
  const byKey = new Map(all.map((event) => [`${event.tenant_id} ${event.idempotency_key}`, JSON.stringify(event)]));
  for (const event of all) expect(byKey.get(`${event.tenant_id} ${event.idempotency_key}`)).toBe(JSON.stringify(event));
  expect((all.length - byKey.size) / all.length).toBeCloseTo(0.005, 2);
  expect(all.filter((event) => event.idempotency_key.includes("late")).length / all.length).toBeCloseTo(0.006, 2);
});

test("an office sleeps at night and on Sundays, and consumers do not", () => {
  const share = (company: Company, wanted: (wall: number) => boolean) => {
    const events = monthOf(company);
    return events.filter((event) => wanted(toWall(company.timeZone, Date.parse(event.at)))).length / events.length;
  };
  const night = (wall: number) => Math.floor(wall / HOUR) % 24 < 6;
  const sunday = (wall: number) => (Math.floor(wall / DAY) + 4) % 7 === 0;
  expect(share(named("harbor-finch"), night)).toBeLessThan(0.04);
  expect(share(named("harbor-finch"), sunday)).toBeLessThan(0.03);
  expect(share(named("tidepool-games"), sunday)).toBeGreaterThan(0.1);
});

test("some grow, some are idle, and nobody uses what he has not subscribed to yet", () => {
  const events = monthOf(named("saffron-street-labs"));
  const until = (day: number) => events.filter((event) => Date.parse(event.at) < month.start + day * DAY).length;
  expect(until(30) - until(23)).toBeGreaterThan(1.4 * until(7));
  expect(monthOf(named("table-bay-clinics"))).toEqual([]);
  const late = named("kumo-library");
  expect(Math.min(...monthOf(late).map((event) => Date.parse(event.at)))).toBeGreaterThanOrEqual(joinedAt(late, month));
});
