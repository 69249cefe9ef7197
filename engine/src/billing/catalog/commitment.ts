/** True-ups: what is missing to a minimum that was agreed for a whole period. */
import { type Amount, amount, compare, minus, NOTHING, scale } from "../money/amount.ts";
import type { Share } from "./rate.ts";

/**
 * The minimum of a period (`minimum_commitment` of a plan, or a price's `minimum_amount` over several lines), prorated by
 * the share of the period that was served, less what was billed; never below zero. Exact: the caller rounds it once.
 */
export function trueUp(minimumMinor: bigint | Amount, billed: Amount, share?: Share): Amount {
  const whole = typeof minimumMinor === "bigint" ? amount(minimumMinor) : minimumMinor;
  const minimum = share ? scale(whole, share.num, share.den) : whole;
  return compare(minimum, billed) > 0 ? minus(minimum, billed) : NOTHING;
}
