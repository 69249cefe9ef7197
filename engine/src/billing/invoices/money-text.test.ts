import { expect, it } from "vitest";
import { decimal } from "../money/decimal.ts";
import { moneyText } from "./money-text.ts";

it.each([
  [123_450n, "usd", "$1,234.50"],
  [-5n, "usd", "-$0.05"],
  [12_345_678n, "inr", "₹1,23,456.78"],
  [500n, "jpy", "¥500"],
  [1_500n, "kwd", "KWD\u00a01.500"],
  [decimal("0.25"), "usd", "$0.0025"],
  [9_007_199_254_740_993n, "usd", "$90,071,992,547,409.93"],
])("%s %s is %s", (amount, currency, text) => {
  expect(moneyText(amount, currency)).toBe(text);
});
