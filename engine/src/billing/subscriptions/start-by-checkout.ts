/**
 * Reaction to `checkout.completed`: the subscription to the plan that was chosen on the page, once: begun here, with the method that was left
 * there; or begun by the processor whose page it was, and taken over.
 */
import type { Tx } from "../../commit.ts";
import { Refusal } from "../../errors.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { type CheckoutRow, findCheckout, noteResult, noteUndo } from "../payments/checkout-store.ts";
import { failCheckout } from "../payments/record-checkout.ts";
import type { TenantRef } from "../tenants/cache.ts";
import { startSubscription } from "./start.ts";

/** The checkout is locked by whoever settled it. What stands in the way (a subscription begun meanwhile) is said on it. */
export async function startByCheckout(tx: Tx, event: AppendedEvent): Promise<void> {
  const { checkout: id, subscription } = event.data;
  const checkout = typeof id === "string" ? await findCheckout(tx, id, event.tenantId) : null;
  const tenant = checkout && (await tx.ctx.tenants.find(checkout.tenant_id));
  if (checkout?.item.kind !== "plan" || !tenant) return;
  const begun = namesIn(subscription);
  try {
    // It refuses before it writes anything, so that nothing of a refused start remains.
    const started = await start(tx, tenant, checkout, begun);
    await noteResult(tx, { id: checkout.id, tenantId: tenant.id, invoiceId: null, subscriptionId: started });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    await failCheckout(tx, checkout, error.message);
    // It runs there already, and was paid: nobody pays twice for what they have once.
    if (begun) await undo(tx, checkout, begun.reference);
  }
}

/** Answers the id of the subscription. */
async function start(tx: Tx, tenant: TenantRef, { item, gateway, currency }: CheckoutRow, begun: Begun | null): Promise<string> {
  if (item.kind !== "plan") throw new Error("a checkout of a plan is of none");
  const { plan, seats, trial_days: trialDays, offer } = item;
  if (!offer) {
    const row = await startSubscription(tx, { tenant, plan, seats: seats ?? undefined, trialDays: trialDays ?? undefined, gateway });
    return row.id;
  }
  const processor = tx.ctx.processors.outside(offer.processor);
  if (!processor || !begun) throw new Error(`of a page of ${offer.processor} it is not known what began`);
  return (await processor.begin(tx, tenant, { offer, plan, seats, currency, ...begun })).id;
}

async function undo(tx: Tx, checkout: CheckoutRow, reference: string): Promise<void> {
  await noteUndo(tx, checkout, { reference, at: tx.ctx.clock.now() });
  tx.enqueue({ name: "processor-due", key: "processor-due" });
}

interface Begun {
  reference: string;
  customer: string;
}

function namesIn(value: unknown): Begun | null {
  if (typeof value !== "object" || value === null || !("reference" in value) || !("customer" in value)) return null;
  const { reference, customer } = value;
  return typeof reference === "string" && typeof customer === "string" ? { reference, customer } : null;
}
