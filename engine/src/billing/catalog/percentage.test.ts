/** The percentage model and its free allowance. Figures of Lago's published tests, amounts in one unit throughout. */
import { describe, expect, test } from "vitest";
import { toDecimal } from "../money/amount.ts";
import { type Decimal, decimal, ZERO } from "../money/decimal.ts";
import { eventsNeeded } from "./percentage.ts";
import { type PriceDocument, parsePrice } from "./price.ts";
import { rate } from "./rate.ts";

type Options = Partial<PriceDocument>;
type Row = readonly [options: Options, events: readonly string[], amount: string];

const price = (options: Options) => parsePrice({ key: "p", type: "usage", meter: "m", model: "percentage", ...options });
const sum = (values: readonly Decimal[]): Decimal => values.reduce((total, value) => total.plus(value), ZERO);

function cost(options: Options, texts: readonly string[]): string {
  const events = texts.map((text) => decimal(text));
  return toDecimal(rate(price(options), { quantity: sum(events), events }).amount).toFixed();
}

const BOTH = { rate: "1.3", fixed_amount: "2", free_events: 3, included: "250" };
const MOVED = ["50", "100", "250", "400"];
const BOUNDED = { rate: "2.99", min_amount: "1.75", max_amount: "12" };

describe("a share of the money and a fixed amount per event", () => {
  test.each<Row>([
    [{ rate: "2.9" }, ["1", "3"], "0.116"],
    [{ rate: "1.3", fixed_amount: "2" }, MOVED, "18.4"],
    [{ rate: "1.3", fixed_amount: "2" }, ["0", "0"], "0"],
    [{ rate: "1", fixed_amount: "5" }, ["-3"], "0"],
    [{ rate: "1", fixed_amount: "5" }, ["10", "-12"], "0"],
  ])("%o of %o is %s", (options, events, amount) => expect(cost(options, events)).toBe(amount));
});

describe("the free allowance ends when either is used up", () => {
  test.each<Row>([
    [BOTH, MOVED, "11.15"], // the third event crosses 250: 550 × 1.3 % + 2 × 2
    [{ ...BOTH, included: null }, MOVED, "7.2"], // three events free: 400 × 1.3 % + 2
    [{ ...BOTH, free_events: null }, MOVED, "11.15"],
    [{ ...BOTH, free_events: 2 }, MOVED, "12.45"], // two events free, 150 of 250: 650 × 1.3 % + 2 × 2
    [{ rate: "1", fixed_amount: "5", free_events: 3, included: "15" }, ["10"], "0"],
    [{ rate: "1", fixed_amount: "5", free_events: 3, included: "15" }, ["10", "10"], "5.05"],
    [{ rate: "1", fixed_amount: "5", free_events: 3, included: "15" }, ["10", "10", "10"], "10.15"],
    // Lago grants its three free events when the first alone crosses the amount; here the allowance is over.
    [{ rate: "1", fixed_amount: "5", free_events: 3, included: "15" }, ["20"], "5.05"],
    [{ rate: "1", fixed_amount: "5", included: "15" }, ["15"], "5"], // the event that uses it up exactly pays its fixed amount
  ])("%o of %o is %s", (options, events, amount) => expect(cost(options, events)).toBe(amount));
});

describe("with bounds per event each is priced and clamped by itself", () => {
  test.each<Row>([
    [{ rate: "2.99" }, ["10", "80", "10000"], "301.691"],
    [BOUNDED, ["10", "80", "10000"], "16.142"], // 1.75 + 2.392 + 12
    [{ ...BOUNDED, free_events: 3, included: "10000" }, ["10", "80", "10000"], "2.691"],
    [{ ...BOUNDED, free_events: 2 }, ["10", "80", "10000"], "12"],
    [{ ...BOUNDED, included: "50" }, ["10", "80", "10000"], "13.75"], // 80 is 40 over: 1.196, at least 1.75
    [{ rate: "1", fixed_amount: "1", min_amount: "1.75", max_amount: "12" }, ["100", "1000", "10000"], "25"],
    // Lago lets the amount outlive the free events here; the rule is that either ends the allowance.
    [{ ...BOUNDED, free_events: 1, included: "1000" }, ["10", "100"], "2.99"],
  ])("%o of %o is %s", (options, events, amount) => expect(cost(options, events)).toBe(amount));
});

test("the first events are enough where the allowance is used up by them", () => {
  const events = ["50", "100", "250"].map((text) => decimal(text));
  const all = rate(price(BOTH), { quantity: decimal(800), events, eventCount: 4 });
  expect(toDecimal(all.amount).toFixed()).toBe("11.15");
  expect(all.billable.toFixed()).toBe("550");
});

test("a quantity without events is one event", () => {
  const rated = rate(price({ rate: "1", fixed_amount: "5" }), { quantity: decimal(100) });
  expect(toDecimal(rated.amount).toFixed()).toBe("6");
});

test("says what it must see of the events", () => {
  expect(eventsNeeded(price({ rate: "1" }))).toBe("none");
  expect(eventsNeeded(price({ rate: "1", included: 5 }))).toBe("none");
  expect(eventsNeeded(price({ rate: "1", fixed_amount: "1" }))).toBe("count");
  expect(eventsNeeded(price({ rate: "1", fixed_amount: "1", included: 5 }))).toBe("allowance");
  expect(eventsNeeded(price({ rate: "1", free_events: 5 }))).toBe("allowance");
  expect(eventsNeeded(price({ rate: "1", max_amount: "9" }))).toBe("all");
});
