/** What usage costs in credits and how far a balance covers it, by cases. */
import { describe, expect, it } from "vitest";
import type { CreditOverdraft, Meter } from "../catalog/meter.ts";
import { decimal } from "../money/decimal.ts";
import { burningCosts, coverOf } from "./usage-cost.ts";

function costs(value: string | null, creditCost: string | null, overdraft: CreditOverdraft = "reject", archived = false) {
  const meter = { no: 7, creditCost, creditOverdraft: overdraft, archived } as Meter;
  return burningCosts({ readings: [{ meter, groupKey: "", value }] });
}

describe("what an event costs", () => {
  it.each([
    // quantity, each → credits
    ["10", "2", "20"],
    [null, "25", "25"],
    ["0.1", "0.2", "0.02"],
    ["0.000000001", "0.0001", "0.000000000001"],
    ["3", "0.333333333333", "0.999999999999"],
  ])("%s at %s: %s", (quantity, each, credits) => {
    expect(costs(quantity, each).map((cost) => cost.credits.toFixed())).toEqual([credits]);
  });

  it("is nothing for a correction, of a meter without a cost, and of an archived one", () => {
    expect([costs("-5", "1"), costs("0", "1"), costs("5", null), costs("5", "1", "reject", true)]).toEqual([[], [], [], []]);
  });
});

describe("what a balance covers", () => {
  it.each([
    // overdraft, quantity, each, balance → covered quantity, credits
    ["reject", "10", "2", "20", "10", "20"],
    ["reject", "10", "2", "19", "0", "0"],
    ["allow", "10", "2", "19", "0", "19"],
    ["allow", "10", "2", "0", "0", "0"],
    ["bill", "10", "2", "19", "9.5", "19"],
    ["bill", "10", "3", "10", "3.333333333333", "9.999999999999"],
    ["bill", "10", "3", "0", "0", "0"],
    ["bill", "4", "3", "100", "4", "12"],
  ] as const)("%s: %s at %s of %s covers %s for %s", (overdraft, quantity, each, balance, covered, credits) => {
    const [cost] = costs(quantity, each, overdraft);
    const cover = coverOf(cost!, decimal(balance));
    expect([cover.quantity.toFixed(), cover.credits.toFixed()]).toEqual([covered, credits]);
    expect(cover.credits.lte(decimal(balance))).toBe(true);
  });
});
