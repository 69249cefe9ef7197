import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allocate } from "./allocate.ts";

const sum = (parts: bigint[]) => parts.reduce((total, part) => total + part, 0n);

describe("allocate", () => {
  test.each([
    { total: 100n, weights: [1n, 1n, 1n], parts: [34n, 33n, 33n] },
    { total: 101n, weights: [1n, 1n, 1n], parts: [34n, 34n, 33n] },
    { total: -100n, weights: [1n, 1n, 1n], parts: [-34n, -33n, -33n] },
    { total: 5n, weights: [3n, 7n], parts: [2n, 3n] },
    { total: 1n, weights: [1n, 2n, 2n], parts: [0n, 1n, 0n] },
    { total: 10n, weights: [0n, 1n, 0n], parts: [0n, 10n, 0n] },
    { total: 10n, weights: [0n, 0n], parts: [10n, 0n] },
    { total: 0n, weights: [5n, 7n], parts: [0n, 0n] },
    { total: 0n, weights: [], parts: [] },
    { total: 7n, weights: [3n], parts: [7n] },
  ])("$total over $weights is $parts", ({ total, weights, parts }) => {
    expect(allocate(total, weights)).toEqual(parts);
  });

  test("refuses what cannot be split", () => {
    expect(() => allocate(1n, [])).toThrow(RangeError);
    expect(() => allocate(1n, [2n, -1n])).toThrow(RangeError);
  });
});

describe("laws of allocate", () => {
  const total = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });
  const weights = fc.array(fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 10n ** 12n })), { minLength: 1, maxLength: 12 });

  test("the parts are the whole", () => {
    fc.assert(fc.property(total, weights, (whole, shares) => sum(allocate(whole, shares)) === whole));
  });

  test("each part is within one unit of its exact share, and carries the sign of the whole", () => {
    fc.assert(
      fc.property(total, weights, (whole, shares) => {
        const all = sum(shares);
        fc.pre(all > 0n);
        allocate(whole, shares).forEach((part, index) => {
          const off = part * all - whole * shares[index]!;
          expect(off < all && off > -all).toBe(true);
          expect(part === 0n || part > 0n === whole > 0n).toBe(true);
          if (shares[index] === 0n) expect(part).toBe(0n);
        });
      }),
    );
  });

  test("a credit is the mirror of the charge, and the same input gives the same parts", () => {
    fc.assert(
      fc.property(total, weights, (whole, shares) => {
        expect(allocate(-whole, shares)).toEqual(allocate(whole, shares).map((part) => -part));
        expect(allocate(whole, shares)).toEqual(allocate(whole, [...shares]));
      }),
    );
  });
});
