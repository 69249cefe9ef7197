import { expect, test } from "vitest";
import { type LineAnswer, roundingOf, stepsOf } from "./explain-line.ts";

function line(fields: Partial<LineAnswer>): LineAnswer {
  return {
    kind: "usage",
    plan: "pro",
    description: "",
    quantity: 0,
    unit_amount: null,
    amount: 0,
    period_start: "2026-01-01T00:00:00Z",
    period_end: "2026-02-01T00:00:00Z",
    tiers: [],
    explain: {},
    ...fields,
  };
}

const texts = (given: Partial<LineAnswer>, currency = "usd") =>
  stepsOf(line(given), currency).map(({ what, quantity = "", price = "", amount }) =>
    [what, quantity, price, amount?.toFixed() ?? ""].join(" | "),
  );

test("graduated: each tier with what fell into it", () => {
  const tiers = [
    { up_to: 1000, quantity: 1000, unit_amount: "0.5", flat_amount: "0", amount: "500" },
    { up_to: 5000, quantity: 4000, unit_amount: "0.25", flat_amount: "0", amount: "1000" },
    { up_to: null, quantity: 12.5, unit_amount: "0.1", flat_amount: "0", amount: "1.25" },
  ];
  expect(texts({ tiers, explain: { model: "graduated" } })).toEqual([
    "the first 1,000 | 1,000 | 0.005 | 500",
    "the next 4,000 | 4,000 | 0.0025 | 1000",
    "all above 5,000 | 12.5 | 0.001 | 1.25",
  ]);
});

test("volume: the one tier that all are in", () => {
  const tiers = [{ up_to: 500, quantity: 320, unit_amount: "3", flat_amount: "0", amount: "960" }];
  expect(texts({ tiers, explain: { model: "volume" } }, "jpy")).toEqual(["all of them, in the tier up to 500 | 320 | 3 | 960"]);
});

test("included units, packs, and a share of sales with its fees", () => {
  expect(texts({ quantity: 150, unit_amount: "2", explain: { model: "per_unit", billable: 50 } })).toEqual([
    "included | 100 | 0.00 | 0",
    "above that | 50 | 0.02 | 100",
  ]);
  expect(texts({ quantity: 26, unit_amount: "90", explain: { model: "package", billable: 26, package_size: "25" } })).toEqual([
    "packs of 25, begun ones too | 2 | 0.90 | 180",
  ]);
  expect(texts({ amount: 85, explain: { model: "percentage", billable: 1000, rate: "2.5", exact: 85 } })).toEqual([
    "of the sales that are not free | 10.00 | 2.5 % | 25",
    "the fee of each of them |  |  | 60",
  ]);
});

test("a rounding is told, and only where there was one", () => {
  expect(roundingOf(line({ amount: 7137, explain: { exact: "7136.9924" } }), "usd")).toBe("exactly 71.369924, rounded once");
  expect(roundingOf(line({ amount: 7137, explain: { exact: 7137 } }), "usd")).toBeNull();
  expect(roundingOf(line({ amount: 4, explain: { exact: "3.5005" } }), "jpy")).toBe("exactly 3.5005, rounded once");
});
