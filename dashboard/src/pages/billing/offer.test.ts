import { expect, test } from "vitest";
import { baseOf, hasSeats, intervalText, type OfferedPrice, pricesIn, rateText } from "./offer.ts";

const PRICES: OfferedPrice[] = [
  { key: "base", type: "flat", amount: 9_900 },
  { key: "seats", type: "seat", unit_amount: "1500", included: 3 },
  {
    key: "input",
    type: "usage",
    model: "graduated",
    tiers: [
      { up_to: 2_000_000, unit_amount: "0.0003" },
      { up_to: null, unit_amount: "0.0002" },
    ],
  },
  { key: "images", type: "usage", model: "package", unit_amount: "90", package_size: 25 },
  { key: "sales", type: "usage", model: "percentage", rate: "2.5", fixed_amount: "30" },
];
const PLAN = {
  key: "pro",
  currency: "usd",
  interval: "month",
  interval_count: 1,
  prices: PRICES,
  currencies: { jpy: { prices: { base: 13_900, seats: "2100", sales: { fixed_amount: "45" } } } },
};

test("a price of a currency is put over the plan's own", () => {
  expect(pricesIn(PLAN, "usd")).toBe(PRICES);
  expect(pricesIn(PLAN, "eur")).toBeNull();
  const yen = pricesIn(PLAN, "jpy")!;
  expect(baseOf(yen)).toBe(13_900n);
  expect(yen[1]).toMatchObject({ unit_amount: "2100", included: 3 });
  expect(yen[4]).toMatchObject({ rate: "2.5", fixed_amount: "45" });
  expect(pricesIn({ key: "free" }, "chf")).toEqual([]);
});

test.each([
  [PRICES[1]!, "$15.00 each, 3 included"],
  [PRICES[2]!, "$3.00 a million, down to $2.00"],
  [PRICES[3]!, "$0.90 per 25"],
  [PRICES[4]!, "2.5 % + $0.30 each time"],
  [
    {
      key: "s",
      type: "seat",
      model: "graduated",
      tiers: [
        { up_to: 10, unit_amount: "0" },
        { up_to: null, unit_amount: "1200" },
      ],
    } as OfferedPrice,
    "10 free, then $12.00 each",
  ],
  [{ key: "o", type: "usage", unit_amount: "0.035" } as OfferedPrice, "$0.35 a thousand"],
  [{ key: "o", type: "usage", unit_amount: "3.5", included: "0" } as OfferedPrice, "$0.035 each"],
])("%j is told as %s", (price, text) => expect(rateText(price, "usd")).toBe(text));

test("intervals and seats", () => {
  expect([intervalText(PLAN), intervalText({ key: "q", interval: "month", interval_count: 3 }), intervalText({ key: "f" })]).toEqual([
    "a month",
    "every 3 months",
    "",
  ]);
  expect([hasSeats(PRICES), hasSeats([])]).toEqual([true, false]);
});
