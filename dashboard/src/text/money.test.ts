import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { minorDigits, moneyText, shifted, unitPriceText } from "./money.ts";

test.each([
  [123_450, "usd", "$1,234.50"],
  [-300, "eur", "-€3.00"],
  [500, "jpy", "¥500"],
  [1_500, "kwd", "KWD 1.500"],
  [7, "usd", "$0.07"],
  [0, "inr", "₹0.00"],
  // Intl would print none of their digits.
  [12_345, "huf", "HUF 123.45"],
  // Beyond what a double holds.
  ["90071992547409931234", "usd", "$900,719,925,474,099,312.34"],
  [9_007_199_254_740_993n, "jpy", "¥9,007,199,254,740,993"],
])("%s of %s is %s", (minor, currency, text) => {
  expect(moneyText(minor, currency).replaceAll("\u00a0", " ")).toBe(text);
});

test.each([
  ["0.0003", "usd", "$0.000003"],
  ["1500", "usd", "$15.00"],
  ["0.25", "jpy", "¥0.25"],
  [1e-7, "usd", "$0.000000001"],
  ["2.5e-7", "usd", "$0.0000000025"],
])("a unit at %s of %s costs %s", (minor, currency, text) => {
  expect(unitPriceText(minor, currency)).toBe(text);
});

test.each([
  ["5", 2, "0.05"],
  ["-5", 0, "-5"],
  ["123456", 2, "1234.56"],
  ["0.5", 2, "0.005"],
])("%s moved by %i is %s", (text, places, moved) => {
  expect(shifted(text, places)).toBe(moved);
});

test("the digits are those of the engine's table of ISO 4217", () => {
  const table = readFileSync(new URL("../../../engine/src/billing/money/currency.ts", import.meta.url), "utf8");
  const names = ["NO", "TWO", "THREE", "FOUR"];
  const found = names.flatMap((name) => {
    const codes = new RegExp(`const ${name}_DIGITS = [\`"]([^\`"]+)`).exec(table)?.[1]?.trim().split(/\s+/) ?? [];
    return codes.map((code) => [code, { NO: 0, TWO: 2, THREE: 3, FOUR: 4 }[name]] as const);
  });
  expect(found.length).toBeGreaterThan(150);
  for (const [code, digits] of found) expect([code, minorDigits(code)]).toEqual([code, digits]);
});
