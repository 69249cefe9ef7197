/** Stripe's checkout pages: somebody pays, or leaves a method. What came of one is asked of Stripe itself, whoever reports it. */

import { withCheckout } from "../../billing/payments/checkout.ts";
import type { CheckoutOutcome, PaymentGateway } from "../../billing/payments/gateway.ts";
import { Refusal } from "../../errors.ts";
import { AmountNotTaken, toCharge } from "./amount.ts";
import { refusalOf, type StripeClient, StripeRefusal } from "./client.ts";
import { expandedIn, intentOutcome, type Json, methodOf, OURS } from "./objects.ts";
import { record } from "./record.ts";

/** Stripe ends a page within a day of when it was made, by its own clock. */
const MARGIN_SECONDS = 300;

export function stripeCheckouts(client: StripeClient): Required<Pick<PaymentGateway, "createCheckout" | "findCheckout">> {
  return {
    async createCheckout(request) {
      const { idempotencyKey: id, currency, customer, description, mode } = request;
      const metadata = { [OURS.checkout]: id, [OURS.payment]: request.paymentKey, [OURS.tenant]: request.tenantId };
      try {
        const amount = toCharge(request.amountMinor, currency);
        const session = await client.call("checkout.sessions.create", "checkout.session", (stripe) =>
          stripe.checkout.sessions.create(
            {
              mode,
              client_reference_id: id,
              ...(customer === null ? {} : { customer }),
              metadata,
              success_url: withCheckout(request.successUrl, id),
              cancel_url: withCheckout(request.cancelUrl, id),
              expires_at: Math.floor(request.expiresAt / 1_000) - MARGIN_SECONDS,
              ...(mode === "setup"
                ? { currency, setup_intent_data: { metadata } }
                : {
                    line_items: [{ quantity: 1, price_data: { currency, unit_amount: amount, product_data: { name: description } } }],
                    payment_intent_data: { description, metadata, setup_future_usage: "off_session" },
                  }),
            },
            { idempotencyKey: id },
          ),
        );
        if (session.url === null) throw new Refusal("gateway_error", "Stripe made a checkout page without an address.");
        return { reference: session.id, url: session.url };
      } catch (error) {
        if (error instanceof AmountNotTaken) throw new Refusal("gateway_error", error.message, { extra: { gateway: "stripe" } });
        throw refusalOf(error);
      }
    },

    async findCheckout(_id, reference) {
      try {
        const session = await client.call("checkout.sessions.retrieve", "checkout.session", (stripe) =>
          stripe.checkout.sessions.retrieve(reference, { expand: ["payment_intent.payment_method", "setup_intent.payment_method"] }),
        );
        return sessionOutcome(record(session));
      } catch (error) {
        if (error instanceof StripeRefusal && error.status === 404) return null;
        throw refusalOf(error);
      }
    },
  };
}

/** Of a session whose intents, and their methods, are expanded. */
export function sessionOutcome(session: Json): CheckoutOutcome {
  if (session.status === "expired") return { status: "expired" };
  if (session.status !== "complete") return { status: "open" };
  const intent = expandedIn(session, session.mode === "setup" ? "setup_intent" : "payment_intent");
  const left = intent && expandedIn(intent, "payment_method");
  // A method without a customer can be charged once, and was.
  const method = left && left.customer !== null ? methodOf(left) : null;
  if (session.mode === "setup") return { status: "completed", payment: null, method };
  if (!intent) return { status: "open" };
  const outcome = intentOutcome(intent);
  if (outcome.status === "failed") return { status: "failed", reason: outcome.reason };
  // Money that is on its way is not there yet.
  if (outcome.status !== "succeeded") return { status: "open" };
  const { reference, amountMinor, currency } = outcome;
  return { status: "completed", payment: { reference, amountMinor, currency }, method };
}
