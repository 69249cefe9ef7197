/** What an event costs, and whose costs hold. Pure. */
import { invalidField, type Refusal } from "../../errors.ts";
import type { CatalogSnapshot } from "../catalog/cache.ts";
import { type CreditEvent, costOn } from "../catalog/credit-offer.ts";
import { type Decimal, decimal } from "../money/decimal.ts";

export interface Cost {
  /** For tenants on any plan that is not in `byPlan`; null: the event is switched off. */
  amount: Decimal | null;
  byPlan: Readonly<Record<string, Decimal | null>> | null;
}

/** Of an event that the catalog does not have, or no longer, as of one that is switched off: what was asked before under the same key is answered still. */
export function costOf(catalog: CatalogSnapshot, eventName: string, quantity: Decimal): Cost {
  const event = eventOf(catalog, eventName);
  if (!event) return { amount: null, byPlan: null };
  const plans = Object.keys(event.plans);
  return {
    amount: times(event, null, quantity),
    byPlan: plans.length === 0 ? null : Object.fromEntries(plans.map((plan) => [plan, times(event, plan, quantity)])),
  };
}

/** Why nothing was taken for an event. */
export function notOnSale(catalog: CatalogSnapshot, eventName: string): Refusal {
  const known = eventOf(catalog, eventName) !== null;
  const name = JSON.stringify(eventName.slice(0, 100));
  return invalidField("event_name", known ? `${name} is switched off on the tenant's plan` : `names no credit event: ${name}`);
}

function eventOf(catalog: CatalogSnapshot, eventName: string): CreditEvent | null {
  const event = catalog.creditEvents.get(eventName);
  return !event || event.archived ? null : event;
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
