/** Stripe Billing behind the port: it owns the cycle, makes the invoices and collects them; what happens there is mirrored. */

import { locateCustomer } from "../../billing/payments/customer-store.ts";
import { ensureCustomer } from "../../billing/payments/ensure-customer.ts";
import type { OutsideProcessor } from "../../billing/subscriptions/processor.ts";
import type { Context } from "../../context.ts";
import { type StripeClient, StripeRefusal } from "../../gateways/stripe/client.ts";
import { ask } from "./ask.ts";
import { confirmationOf } from "./confirmation.ts";
import { mirror } from "./mirror.ts";
import { noteOffersChanged } from "./offer-store.ts";
import { offerReader } from "./offers.ts";
import { beginOnPage, offerPage } from "./pages.ts";
import type { StripeParts } from "./parts.ts";
import { perform } from "./perform.ts";
import { locateLink } from "./store.ts";
import { previewChange, upcoming } from "./upcoming.ts";

export interface StripeProcessor extends OutsideProcessor {
  readonly parts: StripeParts;
}

/** Of the processor that is configured; null: none is. */
export function stripeParts(ctx: Context): StripeParts | null {
  const processor = ctx.processors.outside("stripe");
  return processor && isStripe(processor) ? processor.parts : null;
}

const isStripe = (processor: OutsideProcessor): processor is StripeProcessor => "parts" in processor;

export function stripeProcessor(client: StripeClient): StripeProcessor {
  const parts: StripeParts = {
    client,
    customerOf: async (ctx, tenantId) => (await ensureCustomer(ctx, { tenantId, gateway: "stripe" })).reference,
    tenantOf: async (ctx, customer) =>
      ((await locateCustomer(ctx.pool, "stripe", { reference: customer })) ?? (await locateLink(ctx.pool, "customer", customer)))
        ?.tenant_id ?? null,
  };
  return {
    name: "stripe",
    parts,
    ask: async (tx, tenant, command) => ({ pending: await ask(tx, tenant, command) }),
    finish: (ctx, asked) => perform(ctx, parts, asked),
    preview: (ctx, tenant, command) => previewChange(ctx, parts, tenant, command),
    offer: offerPage,
    confirmation: (ctx, invoice) => confirmationOf(ctx, parts, invoice),
    offers: offerReader(client),
    offersChanged: noteOffersChanged,
    begin: beginOnPage,
    upcoming: (ctx, input) => upcoming(ctx, parts, input),
    mirror: (ctx, report) =>
      mirror(ctx, parts, report).catch((error: unknown) => {
        if (error instanceof StripeRefusal && error.status === 404) return `Stripe has it no more: ${error.message}`;
        throw error;
      }),
  };
}
