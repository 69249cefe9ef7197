/** What an event costs, and whose costs hold. Pure. */
import { invalidField } from "../../errors.ts";
import type { CatalogSnapshot } from "../catalog/cache.ts";
import { type CreditEvent, costOn } from "../catalog/credit-offer.ts";
import { type Decimal, decimal } from "../money/decimal.ts";

export interface Cost {
  /** For tenants on any plan that is not in `byPlan`; null: the event is switched off. */
  amount: Decimal | null;
  byPlan: Readonly<Record<string, Decimal | null>> | null;
}

/** 422 where the catalog has no such event. */
export function costOf(catalog: CatalogSnapshot, eventName: string, quantity: Decimal): Cost {
  const event = catalog.creditEvents.get(eventName);
  if (!event || event.archived) throw invalidField("event_name", `names no credit event: ${JSON.stringify(eventName.slice(0, 100))}`);
  const plans = Object.keys(event.plans);
  return {
    amount: times(event, null, quantity),
    byPlan: plans.length === 0 ? null : Object.fromEntries(plans.map((plan) => [plan, times(event, plan, quantity)])),
  };
}

function times(event: CreditEvent, plan: string | null, quantity: Decimal): Decimal | null {
  const cost = costOn(event, plan);
  return cost === null ? null : decimal(cost).times(quantity);
}

/** The plan of tenants that are on none. */
export function defaultPlanOf({ plans }: CatalogSnapshot): string | null {
  for (const plan of plans.values()) if (plan.isDefault) return plan.key;
  return null;
}
