/** What a usage event costs in credits, and how much of it a balance covers. Pure. */
import type { CreditOverdraft } from "../catalog/meter.ts";
import { type Decimal, decimal, ONE, QUANTITY_SCALE, quotient, ZERO } from "../money/decimal.ts";
import type { UsageEvent } from "../usage/event.ts";

export interface UsageCost {
  meterNo: number;
  quantity: Decimal;
  /** Of one. */
  each: Decimal;
  /** Of all. */
  credits: Decimal;
  overdraft: CreditOverdraft;
}

/** One for each meter that reads the event and costs credits. A correction below zero costs nothing, and gives nothing back. */
export function burningCosts({ readings }: Pick<UsageEvent, "readings">): UsageCost[] {
  return readings.flatMap(({ meter, value }) => {
    if (meter.creditCost === null || meter.archived) return [];
    const quantity = value === null ? ONE : decimal(value);
    const each = decimal(meter.creditCost);
    if (quantity.lte(ZERO)) return [];
    // Credits have 12 places: what costs less is rounded up, so that nothing is free by being cut up.
    const credits = quotient(quantity.times(each), ONE, QUANTITY_SCALE, "up");
    return [{ meterNo: meter.no, quantity, each, credits, overdraft: meter.creditOverdraft }];
  });
}

/** The part of the quantity that a balance pays for, and the credits that it takes: exact, and never more than is there. */
export function coverOf(cost: UsageCost, balance: Decimal): { quantity: Decimal; credits: Decimal } {
  if (cost.credits.lte(balance)) return { quantity: cost.quantity, credits: cost.credits };
  if (balance.lte(ZERO) || cost.overdraft === "reject") return { quantity: ZERO, credits: ZERO };
  if (cost.overdraft === "allow") return { quantity: ZERO, credits: balance };
  // Whole places of quantity only: what the balance holds beyond them stays in it.
  const quantity = quotient(balance, cost.each, QUANTITY_SCALE, "down");
  const credits = quotient(quantity.times(cost.each), ONE, QUANTITY_SCALE, "up");
  return credits.gt(balance) ? { quantity: ZERO, credits: ZERO } : { quantity, credits };
}
