/** A pack of credits that was sold: how much of it is worth what was kept of the money for it. Pure. */
import { type Amount, amount, scale } from "../money/amount.ts";
import { type Decimal, decimal, QUANTITY_SCALE, quotient } from "../money/decimal.ts";

export type PurchaseOrigin = "checkout" | "direct" | "invoice" | "top_up";

/**
 * What of `credits` is to be taken back once `credited` of `total` has been, all in all: in proportion, to 12 places; all of it with
 * the last minor unit. Of an invoice over nothing there is nothing to give back.
 */
export function revokedShare(credits: Decimal, credited: bigint, total: bigint): Decimal {
  if (total <= 0n || credited <= 0n) return decimal("0");
  if (credited >= total) return credits;
  const share: Amount = scale(amount(credits), credited, total);
  return quotient(share.num, share.den, QUANTITY_SCALE);
}
