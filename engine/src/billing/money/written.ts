/** How quantities and amounts are written for people. Exact: nothing here rounds. */
import { minorDigits } from "./currency.ts";
import { type Decimal, decimal } from "./decimal.ts";

/** `1234567.5` is 1,234,567.5. */
export function grouped(value: string | number | bigint | Decimal): string {
  const [whole = "", fraction] = decimal(value).toFixed().split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (fraction === undefined ? "" : `.${fraction}`);
}

/**
 * Minor units, possibly fractional, as the currency is written, with all their digits: 7224.6912 cents are 72.246912. With
 * at least `places` digits after the point, so that several stand under each other.
 */
export function inMajor(minor: string | number | bigint | Decimal, currency: string, places = 0): string {
  const digits = minorDigits(currency);
  const step = digits === 0 ? "1" : `0.${"0".repeat(digits - 1)}1`;
  const [whole = "", fraction = ""] = grouped(decimal(minor).times(decimal(step))).split(".");
  const shown = fraction.padEnd(Math.max(digits, places), "0");
  return shown === "" ? whole : `${whole}.${shown}`;
}
