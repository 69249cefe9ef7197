/**
 * What somebody confirms the payment of Stripe's own invoice with: the secret of its payment intent, asked of Stripe each time and kept nowhere. Of
 * one that is not open any more, what became of it is taken over, so that a page that they come back to need not wait for the webhook.
 */
import type { Confirmation } from "../../billing/payments/gateway.ts";
import type { Context } from "../../context.ts";
import { refusalOf } from "../../gateways/stripe/client.ts";
import { mirror } from "./mirror.ts";
import type { StripeParts } from "./parts.ts";

export async function confirmationOf(ctx: Context, parts: StripeParts, reference: string): Promise<Confirmation | null> {
  try {
    const invoice = await parts.client.call("invoices.retrieve", "invoice", (stripe) =>
      stripe.invoices.retrieve(reference, { expand: ["confirmation_secret"] }),
    );
    if (invoice.status !== "open") {
      await mirror(ctx, parts, { subscription: null, invoice: reference });
      return null;
    }
    const clientSecret = invoice.confirmation_secret?.client_secret;
    return clientSecret ? { clientSecret, publicKey: ctx.config.stripe?.publishableKey ?? null, method: null } : null;
  } catch (error) {
    throw refusalOf(error);
  }
}
