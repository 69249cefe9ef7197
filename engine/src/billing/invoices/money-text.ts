/** Amounts as a document prints them: with the symbol that people know, grouped as they are used to. */
import { minorDigits } from "../money/currency.ts";
import { type Decimal, decimal, quotient } from "../money/decimal.ts";

/** Minor units, whole or not, as `$1,234.50`, `₹1,23,456.00`, `¥500`; a unit price keeps all its digits. */
export function moneyText(amount: bigint | Decimal, currency: string): string {
  const digits = minorDigits(currency);
  const exact = quotient(decimal(amount), decimal(10n ** BigInt(digits)), 18).toFixed();
  const formatter = new Intl.NumberFormat(currency === "inr" ? "en-IN" : "en-US", {
    style: "currency",
    currency: currency.toUpperCase(),
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: digits,
    maximumFractionDigits: 18,
  });
  // A text is formatted digit by digit, where a number would be a float.
  return formatter.format(exact as `${number}`);
}
