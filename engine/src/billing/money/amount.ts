/**
 * An amount on its way to an invoice line: an exact fraction of minor units, so that a price, a unit conversion and a
 * proration multiply up without rounding, and `roundMinor` rounds once, at the end (domain §1.2).
 */
import { type Decimal, decimal, ONE, quotient, ZERO } from "./decimal.ts";

/** `num / den` minor units; `den` is positive. */
export interface Amount {
  readonly num: Decimal;
  readonly den: Decimal;
}

export const NOTHING: Amount = { num: ZERO, den: ONE };

export function amount(num: Decimal | bigint | string, den: Decimal | bigint | string = ONE): Amount {
  const bottom = decimal(den);
  if (bottom.lte(ZERO)) throw new RangeError("the denominator of an amount must be positive");
  return { num: decimal(num), den: bottom };
}

export function plus(a: Amount, b: Amount): Amount {
  if (a.den.eq(b.den)) return { num: a.num.plus(b.num), den: a.den };
  return { num: a.num.times(b.den).plus(b.num.times(a.den)), den: a.den.times(b.den) };
}

export function minus(a: Amount, b: Amount): Amount {
  return plus(a, negate(b));
}

export function negate(a: Amount): Amount {
  return { num: a.num.times(decimal("-1")), den: a.den };
}

/** a × top ÷ bottom, exactly: a proration, a percentage. */
export function scale(a: Amount, top: Decimal | bigint | string, bottom: Decimal | bigint | string = ONE): Amount {
  return amount(a.num.times(decimal(top)), a.den.times(decimal(bottom)));
}

export function compare(a: Amount, b: Amount): -1 | 0 | 1 {
  return a.num.times(b.den).cmp(b.num.times(a.den));
}

/** The one rounding of a line: to whole minor units, half away from zero. */
export function roundMinor(a: Amount): bigint {
  return BigInt(quotient(a.num, a.den, 0).toFixed());
}

/** The amount as a decimal of `digits` places, half away from zero: for explanations, never for totals. */
export function toDecimal(a: Amount, digits = 12): Decimal {
  return quotient(a.num, a.den, digits);
}
