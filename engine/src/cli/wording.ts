/** How amounts, quantities and dates are written for people. Exact: nothing here rounds. */
import { minorDigits } from "../billing/money/currency.ts";
import { type Decimal, decimal } from "../billing/money/decimal.ts";
import { civilFromDays, DAY } from "../billing/time/civil.ts";
import { parseInstant } from "../billing/time/instant.ts";
import { toWall } from "../billing/time/zone.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `1234567.5` is 1,234,567.5. */
export function grouped(value: string | number | Decimal): string {
  const [whole = "", fraction] = decimal(value).toFixed().split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (fraction === undefined ? "" : `.${fraction}`);
}

/**
 * Minor units, possibly fractional, as the currency is written, with all their digits: 7224.6912 cents are 72.246912. With
 * at least `places` digits after the point, so that several stand under each other.
 */
export function inMajor(minor: string | number | Decimal, currency: string, places = 0): string {
  const digits = minorDigits(currency);
  const step = digits === 0 ? "1" : `0.${"0".repeat(digits - 1)}1`;
  const [whole = "", fraction = ""] = grouped(decimal(minor).times(decimal(step))).split(".");
  const shown = fraction.padEnd(Math.max(digits, places), "0");
  return shown === "" ? whole : `${whole}.${shown}`;
}

/** A date on the tenant's own calendar: 1 Sep, or 1 Sep 2026. */
export function localDate(instant: string, timeZone: string, withYear = false): string {
  const { year, month, day } = civilFromDays(Math.floor(toWall(timeZone, parseInstant(instant)!) / DAY));
  return `${day} ${MONTHS[month - 1]}${withYear ? ` ${year}` : ""}`;
}

/** A name that fits. */
export function cut(text: string, width: number): string {
  const letters = [...text.normalize("NFC")];
  return letters.length <= width ? letters.join("") : `${letters.slice(0, width - 1).join("")}…`;
}
