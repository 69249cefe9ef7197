import { expect, test } from "vitest";
import { decimal } from "../billing/money/decimal.ts";
import { judge, scoreOf } from "./unusual.ts";

const tuning = { sensitivity: "6", ratio: "2", minimum_days: 10 };
const base = (median: string, mad: string, days = 20) => ({ median: decimal(median), mad: decimal(mad), days });

test.each([
  // (value − median) × 0.6745 ÷ MAD
  ["100", base("100", "10"), "0"],
  ["200", base("100", "10"), "6.75"],
  ["0", base("100", "10"), "-6.75"],
  // A MAD below a twentieth of the median counts as that.
  ["200", base("100", "0"), "13.49"],
  ["200", base("0", "0"), "0"],
])("%s of %o is %s away", (value, of, score) => {
  expect(scoreOf(decimal(value), of).toFixed()).toBe(score);
});

test.each([
  ["200", true, base("100", "10"), "high"],
  ["200", false, base("100", "10"), "high"],
  // Far in deviations, but not twice as much.
  ["199", true, base("100", "5"), null],
  // Twice as much, but as wild as ever.
  ["200", true, base("100", "20"), null],
  ["10", true, base("100", "10"), "low"],
  ["10", false, base("100", "10"), null],
  ["60", true, base("100", "1"), null],
  ["9000", true, base("100", "10", 9), null],
  ["9000", true, base("0", "0"), null],
] as const)("%s, day over: %s, of %o: %s", (value, whole, of, expected) => {
  expect(judge(decimal(value), whole, of, tuning)).toBe(expected);
});
