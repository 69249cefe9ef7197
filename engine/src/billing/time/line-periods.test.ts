import { describe, expect, test } from "vitest";
import { formatInstant, parseInstant } from "./instant.ts";
import { type BillingGrid, linePeriods, type PriceTerm } from "./line-periods.ts";
import type { Interval, Period } from "./period.ts";

const at = (text: string) => parseInstant(`${text}T00:00:00Z`)!;
const show = ({ start, end }: Period) => `${formatInstant(start).slice(5, 13)} ${formatInstant(end).slice(5, 13)}`;
const days = (count: number): Interval => ({ unit: "day", count });
const MONTH: Interval = { unit: "month", count: 1 };

const grid: BillingGrid = { anchor: at("2021-01-01"), billing: days(1), timeZone: "UTC", startAt: at("2021-01-01"), endAt: null };
const term: PriceTerm = { cadence: days(1), startAt: grid.startAt, endAt: null, inAdvance: false };
const table = (g: BillingGrid, t: PriceTerm, until: string) =>
  linePeriods(g, t, at(until)).map((line) => [line.index, show(line.service), show(line.full), show(line.billing)]);

// OpenMeter subscription_line_periods
describe("linePeriods", () => {
  test("in arrears: what is over by then", () => {
    expect(table(grid, term, "2021-01-03")).toEqual([
      [0, "01-01T00 01-02T00", "01-01T00 01-02T00", "01-01T00 01-02T00"],
      [1, "01-02T00 01-03T00", "01-02T00 01-03T00", "01-02T00 01-03T00"],
    ]);
  });

  test("cut at the end of the grid, prorated against the whole", () => {
    const ending = { ...grid, endAt: parseInstant("2021-01-02T15:00:00Z") };
    expect(table(ending, term, "2021-01-03")[1]).toEqual([1, "01-02T00 01-02T15", "01-02T00 01-03T00", "01-02T00 01-02T15"]);
  });

  test("a cadence longer than the billing cadence waits for its service to end", () => {
    expect(table(grid, { ...term, cadence: days(2) }, "2021-01-04")).toEqual([
      [0, "01-01T00 01-03T00", "01-01T00 01-03T00", "01-01T00 01-02T00"],
    ]);
  });

  test("a price that ends within a period is cut, and its successor counts from zero", () => {
    const changeAt = parseInstant("2021-01-02T20:00:00Z")!;
    expect(table(grid, { ...term, endAt: changeAt }, "2021-01-03")[1]).toEqual([
      1,
      "01-02T00 01-02T20",
      "01-02T00 01-03T00",
      "01-02T00 01-03T00",
    ]);
    expect(table(grid, { ...term, startAt: changeAt }, "2021-01-03")).toEqual([
      [0, "01-02T20 01-03T00", "01-02T00 01-03T00", "01-02T00 01-03T00"],
    ]);
    expect(table(grid, { ...term, startAt: changeAt, endAt: changeAt }, "2021-01-03")).toEqual([]);
  });

  test("in advance: due when the billing period begins, with all that it will serve", () => {
    const monthly = { ...grid, billing: MONTH };
    expect(table(monthly, { ...term, cadence: MONTH, inAdvance: true }, "2021-01-01")).toEqual([
      [0, "01-01T00 02-01T00", "01-01T00 02-01T00", "01-01T00 02-01T00"],
    ]);
    expect(table(monthly, { ...term, inAdvance: true }, "2021-01-01")).toHaveLength(31);
    expect(table(monthly, { ...term, cadence: MONTH }, "2021-01-31")).toEqual([]);
  });

  test("a one-time price is one line", () => {
    const monthly = { ...grid, billing: MONTH };
    const once = { ...term, cadence: null, inAdvance: true };
    expect(table(monthly, once, "2021-01-03")).toEqual([[0, "01-01T00 01-01T00", "01-01T00 01-01T00", "01-01T00 02-01T00"]]);
    expect(table({ ...monthly, endAt: at("2021-01-20") }, once, "2021-01-03")).toEqual([
      [0, "01-01T00 01-20T00", "01-01T00 01-20T00", "01-01T00 01-20T00"],
    ]);
  });
});
