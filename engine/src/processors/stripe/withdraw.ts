/**
 * The errand that closes pages of Stripe's on which a subscription could still begin although the tenant has one by now, so that nobody pays on
 * them what would have to be given back. Found in the data; what was finished meanwhile is Stripe's to refuse, and undone as it comes.
 */
import { settleCheckout } from "../../billing/payments/settle-checkout.ts";
import type { Context } from "../../context.ts";
import { StripeRefusal, StripeSilence } from "../../gateways/stripe/client.ts";
import type { StripeParts } from "./parts.ts";
import { uselessPages } from "./store.ts";

const BATCH = 20;

/** Answers how many there were. */
export async function withdrawDue(ctx: Context, { client }: StripeParts): Promise<number> {
  const pages = await uselessPages(ctx.pool, BATCH);
  for (const { id, tenant_id: tenantId, gateway_reference: reference } of pages) {
    try {
      await client.call("checkout.sessions.expire", "checkout.session", (stripe) =>
        stripe.checkout.sessions.expire(reference, {}, { idempotencyKey: `${id}-expire` }),
      );
    } catch (error) {
      // It is over, one way or the other: which, is asked.
      if (error instanceof StripeSilence) continue;
      if (!(error instanceof StripeRefusal)) throw error;
    }
    await settleCheckout(ctx, { id, tenantId }).catch((error: unknown) =>
      ctx.log.warn({ err: error, checkout: id }, "a page that was closed could not be settled yet"),
    );
  }
  return pages.length;
}
