/** Fees of single events, and true-ups. Figures of Lago's published tests, in cents. */
import { describe, expect, test } from "vitest";
import { amount, NOTHING, roundMinor } from "../money/amount.ts";
import { decimal } from "../money/decimal.ts";
import { trueUp } from "./commitment.ts";
import { eventFee, NO_ADVANCE } from "./in-advance.ts";
import { type PriceDocument, parsePrice } from "./price.ts";

describe("the fee of an event: all so far, less what was before", () => {
  test.each<[Partial<PriceDocument>, string[], bigint[]]>([
    [{ unit_amount: "100" }, ["10", "-4", "8"], [1000n, 0n, 400n]],
    [{ model: "package", unit_amount: "10000", included: 3, package_size: 2 }, ["3", "1", "2"], [0n, 10000n, 10000n]],
    [{ model: "percentage", rate: "5", fixed_amount: "100", free_events: 2 }, ["800", "500", "300"], [0n, 0n, 115n]],
    [
      {
        model: "graduated",
        tiers: [
          { up_to: 1, flat_amount: "50" },
          { up_to: null, unit_amount: "7" },
        ],
      },
      ["1", "1", "1"],
      [50n, 7n, 7n],
    ],
    // Below a cent each, but never lost: the third event completes one.
    [{ unit_amount: "0.4" }, ["1", "1", "1"], [0n, 1n, 0n]],
    [{ unit_amount: "1", minimum_amount: 1000 }, ["1"], [1n]],
  ])("%o for %o", (options, values, fees) => {
    const price = parsePrice({ key: "p", type: "usage", meter: "m", timing: "in_advance", ...options });
    let [soFar, running] = [NO_ADVANCE, decimal(0)];
    const actual = values.map((text) => {
      running = running.plus(decimal(text));
      const { fee, next } = eventFee(price, soFar, running, decimal(text));
      soFar = next;
      return fee;
    });
    expect(actual).toEqual(fees);
    expect(soFar.billed).toBe(fees.reduce((sum, fee) => sum + fee, 0n));
  });
});

test.each([
  [1000000n, 100000n, undefined, 900000n],
  [1000000n, 62222n, { num: 56n, den: 90n }, 560000n],
  [1000000n, 100000n, { num: 3n, den: 7n }, 328571n],
  [1000n, 1000n, undefined, 0n],
  [1000n, 5000n, undefined, 0n],
] as const)("a minimum of %s with %s billed, for the share %o, lacks %s", (minimum, billed, share, missing) => {
  expect(roundMinor(trueUp(minimum, amount(billed), share))).toBe(missing);
  expect(trueUp(0n, NOTHING)).toEqual(NOTHING);
});
