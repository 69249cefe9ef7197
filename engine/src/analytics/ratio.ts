/** Shares and averages of whole numbers, exact to the places that they are told with. Pure. */
import { type Decimal, decimal, quotient } from "../billing/money/decimal.ts";

/** Four places; null where there is nothing to be a share of. */
export function ratio(part: bigint | number, whole: bigint | number): Decimal | null {
  return BigInt(whole) <= 0n ? null : quotient(decimal(part), decimal(whole), 4);
}

/** Whole minor units, half away from zero; null of nobody. */
export function average(sum: bigint, count: number): bigint | null {
  return count === 0 ? null : BigInt(quotient(decimal(sum), decimal(count), 0).toFixed());
}
