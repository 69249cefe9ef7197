/** Automatic top-up, by cases. */
import { describe, expect, it } from "vitest";
import { decimal, ZERO } from "../money/decimal.ts";
import { creditsToBuy, packsFor, retryAt, type TopUpRule, withinLimit } from "./top-up.ts";

const HOUR = 3_600_000;

function rule(
  fields: Partial<Record<"threshold" | "target" | "paid" | "given" | "least" | "most", string>>,
  more: Partial<TopUpRule> = {},
): TopUpRule {
  const value = (name: keyof typeof fields) => (fields[name] === undefined ? null : decimal(fields[name]));
  return {
    method: fields.target === undefined ? "fixed" : "target",
    trigger: "threshold",
    threshold: value("threshold") ?? ZERO,
    target: value("target") ?? ZERO,
    paid: value("paid") ?? ZERO,
    given: value("given") ?? ZERO,
    least: value("least"),
    most: value("most"),
    ...more,
  };
}

describe("what is bought", () => {
  it.each([
    // threshold, paid, balance → credits
    ["10", "50", "9", "50"],
    ["100", "50", "60", "50"],
    ["100", "50", "50", "100"],
    ["100", "50", "0.5", "100"],
    ["100", "50", "-0.5", "150"],
  ])("below %s, by %s at a time, of %s: %s", (threshold, paid, balance, bought) => {
    expect(creditsToBuy(rule({ threshold, paid }), decimal(balance)).toFixed()).toBe(bought);
  });

  it("is the whole of a rule by interval, and what is missing of a target", () => {
    expect(creditsToBuy(rule({ paid: "50", threshold: "500" }, { trigger: "interval" }), ZERO).toFixed()).toBe("50");
    expect(creditsToBuy(rule({ target: "100" }), decimal("99.5")).toFixed()).toBe("0.5");
    expect(creditsToBuy(rule({ target: "100", least: "20" }), decimal("99.5")).toFixed()).toBe("20");
    expect(creditsToBuy(rule({ target: "100" }), decimal("100")).toFixed()).toBe("0");
  });

  it.each([
    ["1", "1000", 1],
    ["1000", "1000", 1],
    ["1000.000000000001", "1000", 2],
    ["0", "1000", 0],
  ])("%s credits by packs of %s: %i", (credits, perPack, packs) => {
    expect(packsFor(decimal(credits), decimal(perPack))).toBe(packs);
  });
});

describe("failures and limits", () => {
  it("pauses 1, 6 and 24 hours, then never", () => {
    expect([1, 2, 3, 4, 5].map((failures) => retryAt(failures, 0))).toEqual([HOUR, 6 * HOUR, 24 * HOUR, null, null]);
  });

  it.each([
    // count, amount, done, done amount, next → allowed
    [null, null, 99, 9_900n, 100n, true],
    [2, null, 1, 100n, 100n, true],
    [2, null, 2, 200n, 100n, false],
    [null, 300n, 2, 200n, 100n, true],
    [null, 300n, 2, 201n, 100n, false],
  ])("%s purchases or %s: after %i of %s, %s more is %s", (count, amountMinor, done, spent, next, allowed) => {
    expect(withinLimit({ count, amountMinor }, { count: done, amountMinor: spent }, next)).toBe(allowed);
  });
});
