/** One division, one rounding: against integer arithmetic. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { decimal, quotient } from "./decimal.ts";

test.each([
  ["1", "3", 2, "half_up", "0.33"],
  ["-1", "2", 0, "half_up", "-1"],
  ["5", "1", -1, "half_up", "10"],
  ["149", "3", -1, "half_up", "50"],
  ["1", "1000000", 0, "up", "1"],
  ["0", "7", 0, "up", "0"],
  ["-1", "7", 0, "up", "-1"],
  ["9999", "10", 0, "down", "999"],
] as const)("%s ÷ %s to %i places, %s: %s", (num, den, digits, rounding, expected) => {
  expect(quotient(decimal(num), decimal(den), digits, rounding).toFixed()).toBe(expected);
});

test("law: agrees with integers at every scale and rounding", () => {
  const rounding = fc.constantFrom("half_up" as const, "up" as const, "down" as const);
  fc.assert(
    fc.property(
      fc.bigInt(0n, 10n ** 15n),
      fc.bigInt(1n, 10n ** 9n),
      fc.integer({ min: 0, max: 12 }),
      rounding,
      (num, den, digits, mode) => {
        const scaled = num * 10n ** BigInt(digits);
        const floor = scaled / den;
        const rest = scaled % den;
        const up = mode === "up" ? rest > 0n : mode === "half_up" && rest * 2n >= den;
        const step = decimal(10n ** BigInt(digits));
        expect(quotient(decimal(num), decimal(den), digits, mode).times(step).toFixed()).toBe(String(up ? floor + 1n : floor));
      },
    ),
  );
});
