/** How an amount is taken from grants. Pure; the function `credits_consume` of the database decides by the same rule. */
import { type Decimal, ZERO } from "../money/decimal.ts";
import type { Instant } from "../time/instant.ts";
import { byBurnOrder, type Grant, isActiveAt } from "./grant.ts";

export interface Part {
  grantId: string;
  amount: Decimal;
}

/** The grants that can be spent at an instant, in the order in which they are. */
export function spendable<G extends Grant>(grants: readonly G[], at: Instant): G[] {
  return grants.filter((grant) => isActiveAt(grant, at) && grant.remaining.gt(ZERO)).sort(byBurnOrder);
}

export function sumOf(grants: readonly Pick<Grant, "remaining">[]): Decimal {
  return grants.reduce((sum, grant) => sum.plus(grant.remaining), ZERO);
}

/** Takes as much of `amount` as these grants, in this order, hold; `missing` is the rest. */
export function burn(ordered: readonly Pick<Grant, "id" | "remaining">[], amount: Decimal): { parts: Part[]; missing: Decimal } {
  const parts: Part[] = [];
  let missing = amount;
  for (const { id, remaining } of ordered) {
    if (missing.lte(ZERO)) break;
    if (remaining.lte(ZERO)) continue;
    const part = remaining.lt(missing) ? remaining : missing;
    parts.push({ grantId: id, amount: part });
    missing = missing.minus(part);
  }
  return { parts, missing };
}

/** All or nothing: the parts, or null where the grants do not hold so much. */
export function burnAll(grants: readonly Grant[], amount: Decimal, at: Instant): Part[] | null {
  const { parts, missing } = burn(spendable(grants, at), amount);
  return missing.gt(ZERO) ? null : parts;
}
