import { expect, test } from "vitest";
import { decimal, minus, times, wholesOf } from "../../text/decimal.ts";
import type { Line } from "./data.ts";
import { explain } from "./explain.ts";

const line = (more: Partial<Line>): Line =>
  ({ kind: "usage", quantity: 0, unit_amount: null, amount: 0, tiers: [], explain: {}, ...more }) as Line;
/** Each step as `what | quantity | price | amount`. */
const told = (more: Partial<Line>) => {
  const { steps, exact } = explain(line(more), "usd");
  return [...steps.map(({ what, quantity = "", price = "", amount = "" }) => `${what} | ${quantity} | ${price} | ${amount}`), exact];
};

test("tiers, each with what fell into it", () => {
  expect(
    told({
      quantity: 32_684_962,
      amount: 7_137,
      tiers: [
        { up_to: 2_000_000, quantity: 2_000_000, unit_amount: "0.0003", flat_amount: "0", amount: "600" },
        { up_to: 10_000_000, quantity: 8_000_000, unit_amount: "0.00025", flat_amount: "50", amount: "2050" },
        { up_to: null, quantity: 22_684_962, unit_amount: "0.0002", flat_amount: "0", amount: "4536.9924" },
      ],
      explain: { model: "graduated", billable: 32_684_962, exact: 7_186.9924 },
    }),
  ).toEqual([
    "The first 2,000,000 | 2,000,000 | $0.000003 | 600",
    "The next 8,000,000 | 8,000,000 | $0.0000025 | 2000",
    "For entering this step |  |  | 50",
    "All above 10,000,000 | 22,684,962 | $0.000002 | 4536.9924",
    "7186.9924",
  ]);
});

test("included units, packs, a share of money, a part of a period", () => {
  expect(told({ quantity: 9, unit_amount: "1500", amount: 9_000, explain: { model: "per_unit", billable: 6, exact: 9_000 } })).toEqual([
    "Included, free | 3 | $0.00 | 0",
    "Above that | 6 | $15.00 | 9000",
    null,
  ]);
  expect(
    told({ quantity: 439, unit_amount: "90", amount: 1_620, explain: { model: "package", billable: 439, package_size: 25, exact: 1_620 } }),
  ).toEqual(["Packs of 25, begun ones too | 18 | $0.90 | 1620", null]);
  expect(
    told({ quantity: 375_358, amount: 11_881, explain: { model: "percentage", billable: 334_835, rate: 2.5, exact: 11_880.875 } }),
  ).toEqual(["Of the money moved that is not free | $3,348.35 | 2.5 % | 8370.875", "The fee for each time |  |  | 3510", "11880.875"]);
  expect(
    told({ quantity: 1, unit_amount: "9900", amount: 6_140, explain: { model: "flat", exact: "6139.5833", share: "1607400/2592000" } }),
  ).toEqual(["For 1,607,400 of the period's 2,592,000 seconds |  |  | ", "6139.5833"]);
});

test("what is given back of what was paid in advance", () => {
  const kept = { model: "per_unit", billable: 6, exact: 8_794.35, share: "2617200/2678400", billed_before: 9_000, used: 205.65 };
  expect(told({ kind: "credit", quantity: 9, unit_amount: "1500", amount: -8_795, explain: kept })).toEqual([
    "Paid for the whole period |  |  | 9000",
    "Of it used until the change |  |  | -205.65",
    "For 2,617,200 of the period's 2,678,400 seconds |  |  | ",
    null,
  ]);
});

test("what was billed before is taken off, and rounding is told of the whole", () => {
  expect(
    told({
      quantity: 10,
      unit_amount: "1.5",
      amount: 5,
      explain: { model: "per_unit", billable: 10, exact: 15, total: 15, billed_before: 10 },
    }),
  ).toEqual(["Units | 10 | $0.015 | 15", "Billed before for the same period, and not again |  |  | -10", null]);
});

test.each([
  [minus("1", "0.000000000001"), "0.999999999999"],
  [times("90071992547409931", "0.0003"), "27021597764222.9793"],
  [wholesOf("439", "25"), "18"],
  [wholesOf("0", "25"), "0"],
  [wholesOf("25.0001", "25"), "2"],
  [decimal(1e-7), "0.0000001"],
  [decimal("-2.50"), "-2.5"],
])("%s", (got, wanted) => expect(got).toBe(wanted));
