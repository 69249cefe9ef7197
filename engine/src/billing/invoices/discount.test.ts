import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CouponTerms } from "../catalog/coupon.ts";
import { type Discount, discountLines } from "./discount.ts";

const NO_LIMIT: CouponTerms = {
  name: "C",
  percent_off: null,
  amount_off: null,
  currency: null,
  duration: "forever",
  periods: null,
  plans: null,
  prices: null,
};

function discount(terms: Partial<CouponTerms>, more: Partial<Discount> = {}): Discount {
  return {
    id: "disc_1",
    tenantId: "t",
    subscriptionId: null,
    couponKey: "c",
    usedMinor: 0n,
    uses: 0,
    ...more,
    terms: { ...NO_LIMIT, ...(terms.amount_off == null ? {} : { currency: "usd" }), ...terms },
  };
}

const about = { currency: "usd", subscriptionId: "sub_1" };
const line = (amount: bigint, priceKey = "base", planKey = "pro") => ({ amount, priceKey, planKey });
const taken = (lines: ReturnType<typeof line>[], ...discounts: Discount[]) =>
  discountLines(about, lines, discounts).lines.map((parts) => parts.map((part) => Number(part.amount)));

describe("discounts over lines", () => {
  it.each([
    // what, lines, discounts → by line what each takes
    ["a percentage, split by the largest remainder", [33n, 33n, 34n], [discount({ percent_off: "10" })], [[3], [3], [4]]],
    ["rounded once, half away from zero", [5n], [discount({ percent_off: "50" })], [[3]]],
    ["a fixed amount", [100n, 300n], [discount({ amount_off: "100" })], [[25], [75]]],
    ["never above the base", [100n, 300n], [discount({ amount_off: "1000" })], [[100], [300]]],
    [
      "100 % twice takes nothing more",
      [100n],
      [discount({ percent_off: "100" }), discount({ percent_off: "100" }, { id: "disc_2" })],
      [[100]],
    ],
    ["once, half used up before", [100n], [discount({ amount_off: "100", duration: "once" }, { usedMinor: 60n })], [[40]]],
    ["once, used up", [100n], [discount({ amount_off: "100", duration: "once" }, { usedMinor: 100n })], [[]]],
    ["a percentage once, used", [100n], [discount({ percent_off: "10", duration: "once" }, { uses: 1 })], [[]]],
    ["the last of three periods", [100n], [discount({ percent_off: "10", duration: "periods", periods: 3 }, { uses: 2 })], [[10]]],
    ["three periods, over", [100n], [discount({ percent_off: "10", duration: "periods", periods: 3 }, { uses: 3 })], [[]]],
    ["another currency", [100n], [discount({ amount_off: "10", currency: "eur" })], [[]]],
    ["another subscription", [100n], [discount({ percent_off: "10" }, { subscriptionId: "sub_2" })], [[]]],
    ["another plan", [100n], [discount({ percent_off: "10", plans: ["team"] })], [[]]],
    ["a credit for what was sold at a discount", [-100n, 300n], [discount({ percent_off: "10" })], [[-10], [30]]],
    ["a fixed amount on a net", [-100n, 300n], [discount({ amount_off: "250" })], [[], [200]]],
    ["nothing to take it off", [-100n, 50n], [discount({ amount_off: "250" })], [[], []]],
  ])("%s", (_what, amounts, discounts, expected) => {
    expect(
      taken(
        amounts.map((amount) => line(amount)),
        ...discounts,
      ),
    ).toEqual(expected);
  });

  it("takes limited ones first, whatever the order in which they were given", () => {
    const general = discount({ percent_off: "10" }, { id: "disc_1", couponKey: "all" });
    const limited = discount({ amount_off: "50", prices: ["seats"] }, { id: "disc_2", couponKey: "seats" });
    const { lines } = discountLines(about, [line(100n, "base"), line(100n, "seats")], [general, limited]);
    expect(lines.map((parts) => parts.map((part) => [part.coupon, Number(part.amount)]))).toEqual([
      [["all", 10]],
      [
        ["seats", 50],
        ["all", 5],
      ],
    ]);
  });

  it("never takes more than there is, and its parts add up to what it used", () => {
    const any = fc.record({
      percent: fc.option(fc.integer({ min: 1, max: 100 })),
      amount: fc.bigInt({ min: 1n, max: 5_000n }),
      prices: fc.option(fc.constant(["a"])),
    });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.bigInt({ min: 0n, max: 10_000n }), fc.constantFrom("a", "b")), { minLength: 1, maxLength: 8 }),
        fc.array(any, { maxLength: 5 }),
        (amounts, coupons) => {
          const lines = amounts.map(([amount, key]) => line(amount, key));
          const discounts = coupons.map((coupon, index) =>
            discount(
              {
                ...(coupon.percent === null ? { amount_off: String(coupon.amount) } : { percent_off: String(coupon.percent) }),
                prices: coupon.prices,
              },
              { id: `disc_${index}` },
            ),
          );
          const { lines: parts, used } = discountLines(about, lines, discounts);
          const sums = parts.map((list) => list.reduce((sum, part) => sum + part.amount, 0n));
          expect(sums.every((sum, index) => sum >= 0n && sum <= lines[index]!.amount)).toBe(true);
          expect([...used.values()].reduce((a, b) => a + b, 0n)).toBe(sums.reduce((a, b) => a + b, 0n));
        },
      ),
    );
  });
});
