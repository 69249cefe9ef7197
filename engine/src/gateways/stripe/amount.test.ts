import { expect, test } from "vitest";
import { decimal } from "../../billing/money/decimal.ts";
import { AmountNotTaken, fromStripe, toCharge, toPrice, toRefund, unitFromStripe, unitToStripe } from "./amount.ts";

// What is asked in minor units of ISO 4217, what goes over the wire, and what that is in minor units again.
test.each([
  ["usd", 1_099n, 1_099, 1_099n],
  ["eur", 1n, 1, 1n],
  ["jpy", 500n, 500, 500n],
  ["krw", 12_000n, 12_000, 12_000n],
  ["clp", 990n, 990, 990n],
  ["vnd", 250_000n, 250_000, 250_000n],
  ["xaf", 655n, 655, 655n],
  ["isk", 5n, 500, 5n],
  ["ugx", 3_700n, 370_000, 3_700n],
  ["huf", 100_000n, 100_000, 100_000n],
  ["twd", 80_000n, 80_000, 80_000n],
  ["inr", 49_900n, 49_900, 49_900n],
  ["kwd", 1_230n, 1_230, 1_230n],
  ["kwd", 1_234n, 1_240, 1_240n],
  ["bhd", 1n, 10, 10n],
  ["tnd", 5_999n, 6_000, 6_000n],
  ["mga", 50_000n, 500, 50_000n],
  ["mga", 50_001n, 501, 50_100n],
] as const)("%s %s is charged as %s", (currency, asked, wire, taken) => {
  expect(toCharge(asked, currency)).toBe(wire);
  expect(fromStripe(wire, currency)).toBe(taken);
});

test.each([
  ["usd", 250n, 250],
  ["isk", 7n, 700],
  ["kwd", 1_230n, 1_230],
  ["mga", 700n, 7],
] as const)("%s %s goes back as %s", (currency, asked, wire) => {
  expect(toRefund(asked, currency)).toBe(wire);
});

test.each([
  ["kwd", 1_234n],
  ["mga", 50_001n],
] as const)("of %s %s neither more nor less goes back", (currency, asked) => {
  expect(() => toRefund(asked, currency)).toThrow(AmountNotTaken);
});

test.each([
  ["usd", "0.25", "0.25"],
  ["usd", "1000", "1000"],
  ["jpy", "500", "500"],
  ["isk", "550", "5.5"],
  ["ugx", "370000", "3700"],
  ["mga", "5.01", "501"],
  ["kwd", "1230", "1230"],
] as const)("a unit price of Stripe's in %s, %s, is %s", (currency, wire, minor) => {
  expect(unitFromStripe(wire, currency)).toBe(minor);
  expect(unitToStripe(decimal(minor), currency).toFixed()).toBe(wire);
});

test("a price asks exactly what is charged, or there is none at Stripe", () => {
  expect(toPrice(7n, "isk")).toBe(700);
  expect(toPrice(700n, "mga")).toBe(7);
  expect(toPrice(1_230n, "kwd")).toBe(1_230);
  expect(() => toPrice(1_234n, "kwd")).toThrow(AmountNotTaken);
});

test("what is no amount is refused", () => {
  expect(() => fromStripe(1.5, "usd")).toThrow(AmountNotTaken);
  expect(() => fromStripe(-1, "usd")).toThrow(AmountNotTaken);
  expect(() => fromStripe(550, "isk")).toThrow("hundredths");
  expect(() => toCharge(10n ** 12n, "usd")).toThrow(AmountNotTaken);
  expect(() => toCharge(1n, "xxx")).toThrow(RangeError);
});
