/**
 * Exact decimals: quantities, rates and unit prices. Big.js in strict mode, which refuses JavaScript numbers, so that
 * no float slips in: a number enters only through `decimal`, by its shortest printed form.
 */
import BigJs, { type Big } from "big.js";

const Exact = BigJs();
Exact.strict = true;
Exact.PE = 1_000;
Exact.NE = -1_000;
// A quantity is printed in JSON as a number with all its digits, never through a float.
Exact.prototype.toJSON = function (this: Big): unknown {
  return rawNumber(this.toFixed());
};

export type Decimal = Big;

/** Digits after the point that a quantity may have (`numeric(38,12)` in SQL). */
export const QUANTITY_SCALE = 12;
const DECIMAL_TEXT = /^-?\d{1,38}(\.\d{1,38})?$/;

export const ZERO: Decimal = new Exact("0");
export const ONE: Decimal = new Exact("1");

/** The decimal that a text, a finite number or a bigint names. Throws RangeError on anything else, exponents included. */
export function decimal(value: string | number | bigint | Decimal): Decimal {
  if (typeof value === "object") return value;
  const text = typeof value === "number" ? plain(value) : String(value);
  if (!DECIMAL_TEXT.test(text)) throw new RangeError(`not a decimal number: ${text.slice(0, 60)}`);
  return new Exact(text);
}

/** `decimal` for outside input: null where the value names no decimal. */
export function parseDecimal(value: unknown): Decimal | null {
  if (typeof value !== "string" && typeof value !== "number") return null;
  const text = typeof value === "number" ? plain(value) : value;
  return DECIMAL_TEXT.test(text) ? new Exact(text) : null;
}

/**
 * num ÷ den to `digits` places (negative: tens, hundreds), rounded once: `half_up` is half away from zero, `up` away from
 * zero, `down` toward it. `den` must not be zero.
 */
export function quotient(num: Decimal, den: Decimal, digits: number, rounding: "half_up" | "up" | "down" = "half_up"): Decimal {
  const mode = rounding === "half_up" ? 1 : rounding === "up" ? 3 : 0;
  if (den.eq(ONE)) return num.round(digits, mode);
  // Big divides to the places and in the mode set on its constructor; a negative scale moves into the divisor.
  if (digits < 0) {
    const step = new Exact(`1e${-digits}`);
    return quotient(num, den.times(step), 0, rounding).times(step);
  }
  Exact.DP = digits;
  Exact.RM = mode;
  return num.div(den);
}

/** Whole minor units as JSON prints them: a number where it is exact, else a token with all the digits. */
export function minorJson(minor: bigint): unknown {
  const value = Number(minor);
  return Number.isSafeInteger(value) ? value : rawNumber(minor.toString());
}

/** A JSON number token with exactly these digits. */
export function rawNumber(digits: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(digits);
}

// 1e-7 and 1e21 print with an exponent; Big expands it without loss.
function plain(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const text = String(value);
  return text.includes("e") ? new Exact(text).toFixed() : text;
}
