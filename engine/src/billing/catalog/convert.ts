/**
 * Unit conversion: a meter counts bytes, the price is per gigabyte. Without `round` the quotient stays exact: quantities
 * are carried over the price's `denominator` and divided once, by the rounding of the line.
 */
import { type Decimal, ONE, quotient } from "../money/decimal.ts";
import type { Price } from "./price.ts";

/** The quantity after conversion, times the price's `denominator`. */
export function convert(price: Price, quantity: Decimal): Decimal {
  const num = price.multiply ? quantity.times(price.multiply) : quantity;
  return price.round ? quotient(num, price.divide ?? ONE, 0, price.round) : num;
}

/** A quantity over the price's `denominator` as units, to 12 places where it does not come out even: for explanations. */
export function units(price: Price, scaled: Decimal): Decimal {
  return price.denominator === ONE ? scaled : quotient(scaled, price.denominator, 12);
}
