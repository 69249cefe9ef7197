/** Where a stretch of usage falls. Figures of OpenMeter's published tests. */
import { expect, test } from "vitest";
import { decimal } from "../money/decimal.ts";
import { parsePrice } from "./price.ts";
import { tierIndex, tierSlices } from "./tiers.ts";

const price = parsePrice({
  key: "p",
  type: "usage",
  meter: "m",
  model: "graduated",
  tiers: [
    { up_to: 5, flat_amount: "100" },
    { up_to: 10, flat_amount: "50" },
    { up_to: 15, unit_amount: "10" },
    { up_to: null, unit_amount: "5" },
  ],
});

test.each([
  ["0", 0],
  ["5", 0],
  ["5.001", 1],
  ["6", 1],
  ["15", 2],
  ["16", 3],
])("%s is in tier %i", (quantity, index) => expect(tierIndex(price, decimal(quantity))).toBe(index));

test.each([
  ["5", "10", [[1, "5", true, "100"]]],
  ["6", "7", [[1, "1", false, "150"]]],
  ["0", "0", []],
  [
    "12",
    "22",
    [
      [2, "3", false, "170"],
      [3, "7", true, "200"],
    ],
  ],
] as const)("(%s, %s] falls in %o", (from, to, slices) => {
  const actual = tierSlices(price, decimal(from), decimal(to));
  expect(actual.map((slice) => [slice.index, slice.quantity.toFixed(), slice.atTierStart, slice.amountBefore.toFixed()])).toEqual(slices);
});
