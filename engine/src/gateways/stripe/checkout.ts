/** Stripe's checkout pages: somebody pays, leaves a method, or begins a subscription. What came of one is asked of Stripe itself, whoever reports it. */
import type Stripe from "stripe";
import { withCheckout } from "../../billing/payments/checkout.ts";
import type { CheckoutOutcome, CheckoutRequest, GatewayMethod, PaymentGateway } from "../../billing/payments/gateway.ts";
import { Refusal } from "../../errors.ts";
import { AmountNotTaken, toCharge } from "./amount.ts";
import { refusalOf, type StripeClient, StripeRefusal } from "./client.ts";
import { expandedIn, idIn, intentOutcome, type Json, methodOf, OURS } from "./objects.ts";
import { record } from "./record.ts";

/** Stripe ends a page within a day of when it was made, by its own clock. */
const MARGIN_SECONDS = 300;

export function stripeCheckouts(client: StripeClient): Required<Pick<PaymentGateway, "createCheckout" | "findCheckout">> {
  return {
    async createCheckout(request) {
      try {
        const params = sessionParams(request);
        const session = await client.call("checkout.sessions.create", "checkout.session", (stripe) =>
          stripe.checkout.sessions.create(params, { idempotencyKey: request.idempotencyKey }),
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
          stripe.checkout.sessions.retrieve(reference, {
            expand: ["payment_intent.payment_method", "setup_intent.payment_method", "subscription.default_payment_method"],
          }),
        );
        return sessionOutcome(record(session));
      } catch (error) {
        if (error instanceof StripeRefusal && error.status === 404) return null;
        throw refusalOf(error);
      }
    },
  };
}

/** The same words for the same checkout, always: its key takes no others. */
function sessionParams(request: CheckoutRequest): Stripe.Checkout.SessionCreateParams {
  const { idempotencyKey: id, customer } = request;
  const metadata = { [OURS.checkout]: id, [OURS.tenant]: request.tenantId };
  return {
    mode: request.mode,
    client_reference_id: id,
    ...(customer === null ? {} : { customer }),
    metadata: request.mode === "subscription" ? metadata : { ...metadata, [OURS.payment]: request.paymentKey },
    success_url: withCheckout(request.successUrl, id),
    cancel_url: withCheckout(request.cancelUrl, id),
    expires_at: Math.floor(request.expiresAt / 1_000) - MARGIN_SECONDS,
    ...soldOn(request, metadata),
  };
}

function soldOn(request: CheckoutRequest, ours: Record<string, string>): Partial<Stripe.Checkout.SessionCreateParams> {
  const { mode, currency, description, offer } = request;
  const metadata = { ...ours, [OURS.payment]: request.paymentKey };
  if (mode === "setup") return { currency, setup_intent_data: { metadata } };
  if (mode === "payment") {
    const unit_amount = toCharge(request.amountMinor, currency);
    return {
      line_items: [{ quantity: 1, price_data: { currency, unit_amount, product_data: { name: description } } }],
      payment_intent_data: { description, metadata, setup_future_usage: "off_session" },
    };
  }
  if (offer === null) throw new Error("a page of a subscription offers none");
  return {
    line_items: offer.items.map(({ price, quantity }) => ({ price, ...(quantity === null ? {} : { quantity }) })),
    subscription_data: {
      metadata: { ...ours, [OURS.subscription]: offer.subscription },
      ...(offer.trial_days > 0 ? { trial_period_days: offer.trial_days } : {}),
    },
    // Where taxes are reckoned, by what the person says on the page.
    ...(offer.automatic_tax ? { automatic_tax: { enabled: true }, customer_update: { address: "auto" } } : {}),
  };
}

/** Of a session whose intents and subscription, and their methods, are expanded. */
export function sessionOutcome(session: Json): CheckoutOutcome {
  if (session.status === "expired") return { status: "expired" };
  if (session.status !== "complete") return { status: "open" };
  if (session.mode === "subscription") return subscribed(session);
  const intent = expandedIn(session, session.mode === "setup" ? "setup_intent" : "payment_intent");
  const method = intent && methodLeft(intent, "payment_method");
  if (session.mode === "setup") return { status: "completed", payment: null, method };
  if (!intent) return { status: "open" };
  const outcome = intentOutcome(intent);
  if (outcome.status === "failed") return { status: "failed", reason: outcome.reason };
  // Money that is on its way is not there yet.
  if (outcome.status !== "succeeded") return { status: "open" };
  const { reference, amountMinor, currency } = outcome;
  return { status: "completed", payment: { reference, amountMinor, currency }, method };
}

/** How it was paid, and whether, its invoices say. */
function subscribed(session: Json): CheckoutOutcome {
  const reference = idIn(session, "subscription");
  const customer = idIn(session, "customer");
  if (reference === null || customer === null) return { status: "open" };
  const subscription = expandedIn(session, "subscription");
  const method = subscription && methodLeft(subscription, "default_payment_method");
  return { status: "completed", payment: null, method, subscription: { reference, customer } };
}

// A method without a customer can be charged once, and was.
function methodLeft(on: Json, field: string): GatewayMethod | null {
  const left = expandedIn(on, field);
  return left && left.customer !== null ? methodOf(left) : null;
}
