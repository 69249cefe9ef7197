/** Reaction to `checkout.completed`: the subscription to the plan that was chosen on the page, with the method that was left there, once. */
import type { Tx } from "../../commit.ts";
import { Refusal } from "../../errors.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { findCheckout, noteResult } from "../payments/checkout-store.ts";
import { failCheckout } from "../payments/record-checkout.ts";
import { startSubscription } from "./start.ts";

/** The checkout is locked by whoever settled it. What stands in the way (a subscription begun meanwhile) is said on it. */
export async function startByCheckout(tx: Tx, event: AppendedEvent): Promise<void> {
  const { checkout: id } = event.data as { checkout: string };
  const checkout = await findCheckout(tx, id, event.tenantId);
  const tenant = checkout && (await tx.ctx.tenants.find(checkout.tenant_id));
  if (checkout?.item.kind !== "plan" || !tenant) return;
  const { plan, seats } = checkout.item;
  try {
    // It refuses before it writes anything, so that nothing of a refused start remains.
    const row = await startSubscription(tx, { tenant, plan, seats: seats ?? undefined, gateway: checkout.gateway });
    await noteResult(tx, { id, tenantId: tenant.id, invoiceId: null, subscriptionId: row.id });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    await failCheckout(tx, checkout, error.message);
  }
}
