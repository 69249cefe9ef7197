/** Whose a fact about payments is, and what is done about it: by the same functions as every other report of the same thing. */
import { addMethod } from "../../billing/payments/add-method.ts";
import { findCheckout } from "../../billing/payments/checkout-store.ts";
import { dropCustomer, locateCustomer, noteReference } from "../../billing/payments/customer-store.ts";
import { detachMethod, findByReference, makeDefault, tenantOfMethod } from "../../billing/payments/method-store.ts";
import { recordCheckout } from "../../billing/payments/record-checkout.ts";
import { recordOutcome } from "../../billing/payments/record-outcome.ts";
import { outcomeOf } from "../../billing/payments/settle-checkout.ts";
import { locatePayment } from "../../billing/payments/store.ts";
import type { Context } from "../../context.ts";
import { onPlatform } from "../../db/pool.ts";
import { isId } from "../../ids.ts";
import type { PaymentFact } from "./adapter.ts";
import type { Located } from "./located.ts";

type Of<K extends PaymentFact["kind"]> = Extract<PaymentFact, { kind: K }>;

/** Not what becomes of it, only that nothing has yet. */
export const NOT_FINISHED = "The checkout is not finished yet.";

/** A text says why there is nothing to do. May ask the gateway, so it is called outside any transaction. */
export async function locatePayments(ctx: Context, gateway: string, fact: PaymentFact): Promise<Located | string> {
  if (!ctx.gateways.names().includes(gateway)) return `${gateway} is no gateway of this engine: its key is not set.`;
  switch (fact.kind) {
    case "charge":
      return charge(ctx, gateway, fact);
    case "checkout":
      return checkout(ctx, gateway, fact);
    case "method":
      return method(ctx, gateway, fact);
    case "customer":
      return customer(ctx, gateway, fact);
  }
}

async function charge(ctx: Context, gateway: string, { paymentId, outcome }: Of<"charge">): Promise<Located | string> {
  const row = await locatePayment(ctx.pool, gateway, { id: paymentId, reference: outcome.reference });
  if (!row) return "The payment was not asked for here.";
  const { tenant_id: tenantId } = row;
  return { tenantId, apply: (tx) => recordOutcome(tx, { paymentId: row.id, tenantId, outcome }) };
}

async function checkout(ctx: Context, gateway: string, { checkoutId }: Of<"checkout">): Promise<Located | string> {
  const row = isId("checkout", checkoutId) ? await findCheckout(onPlatform(ctx.pool), checkoutId, null) : null;
  if (row?.gateway !== gateway) return "The checkout was not opened here.";
  if (row.status !== "open") return `What came of the checkout is known: ${row.status}.`;
  const outcome = await outcomeOf(ctx, row);
  if (!outcome || outcome.status === "open") return NOT_FINISHED;
  const { tenant_id: tenantId } = row;
  return { tenantId, apply: (tx) => recordCheckout(tx, { id: row.id, tenantId, outcome }) };
}

async function method(ctx: Context, gateway: string, { reference }: Of<"method">): Promise<Located | string> {
  const { methods, customers } = ctx.gateways.get(gateway);
  const owner = await tenantOfMethod(ctx.pool, gateway, reference);
  const found = await methods?.find(reference);
  if (!found) {
    if (owner === null) return "The method is nobody's here.";
    return {
      tenantId: owner,
      apply: async (tx) => {
        const row = await findByReference(tx, owner, gateway, reference);
        if (row) await detachMethod(tx, owner, row.id);
      },
    };
  }
  const customerRow = await locateCustomer(ctx.pool, gateway, { reference: found.customer });
  if (!customerRow) return "The customer is nobody's here.";
  const { tenant_id: tenantId } = customerRow;
  // What the gateway itself charges (its subscriptions), it charges to its own default, and of the first method it makes none.
  if ((await customers?.find(found.customer))?.defaultMethod === null) await methods?.makeDefault(found.customer, reference);
  return { tenantId, apply: async (tx) => void (await addMethod(tx, { tenantId, gateway, ...found })) };
}

async function customer(ctx: Context, gateway: string, { reference, change }: Of<"customer">): Promise<Located | string> {
  const row = await locateCustomer(ctx.pool, gateway, { reference, id: typeof change === "object" ? change.made : null });
  if (!row) return "The customer is nobody's here.";
  const { tenant_id: tenantId } = row;
  // The answer to the call that made it may have been lost.
  if (typeof change === "object") return { tenantId, apply: (tx) => noteReference(tx, row, reference) };
  if (change === "deleted") return { tenantId, apply: (tx) => dropCustomer(tx, row) };
  const chosen = (await ctx.gateways.get(gateway).customers?.find(reference))?.defaultMethod ?? null;
  if (chosen === null) return "They chose none.";
  return {
    tenantId,
    apply: async (tx) => {
      const known = await findByReference(tx, tenantId, gateway, chosen);
      // One that is not known here yet becomes the default by being the newest.
      if (known?.detached_at === null) await makeDefault(tx, tenantId, known.id);
    },
  };
}
