/** Payment intents, and the charges they make. */
import { found, type Json, missing, type Reply, type Route, refuse, type State } from "../resource.ts";
import { type Card, cardOf } from "./payment-methods.ts";

type Intent = Json & { id: string };

export function newIntent(stripe: State, over: Json): Intent {
  const id = stripe.id("pi");
  return stripe.put({
    id,
    object: "payment_intent",
    amount: 0,
    amount_capturable: 0,
    amount_received: 0,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: "automatic_async",
    client_secret: `${id}_secret_loopback`,
    created: stripe.now,
    currency: "usd",
    customer: null,
    description: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    metadata: {},
    next_action: null,
    payment_method: null,
    status: "requires_payment_method",
    ...over,
  });
}

/** Confirms it with a card; `there`: the person is, and does what the bank asks. */
export function confirm(stripe: State, intent: Intent, card: Card, there: boolean): Json | null {
  const { outcome } = card;
  if (typeof outcome === "object")
    return failed(stripe, intent, { code: "card_declined", decline_code: outcome.decline, message: outcome.message });
  if (outcome === "authentication_required" && !there)
    return failed(stripe, intent, {
      code: "authentication_required",
      decline_code: "authentication_required",
      message: "Your card was declined. This transaction requires authentication.",
    });
  intent.last_payment_error = null;
  if (outcome === "processing") {
    intent.status = "processing";
    stripe.emit("payment_intent.processing", intent);
    return null;
  }
  succeed(stripe, intent);
  return null;
}

/** The person is on a page that has the secret, and does what the bank asks; with another card, where one is given. Throws what the page would say. */
export function confirmOnPage(stripe: State, secret: string, given?: Card): void {
  const intent = stripe.all("payment_intent").find((one) => one.client_secret === secret) as Intent | undefined;
  if (!intent || !/^requires_(action|confirmation|payment_method)$/.test(String(intent.status)))
    throw new Error(`This PaymentIntent cannot be confirmed: it is ${String(intent?.status)}.`);
  const waits = (intent.last_payment_error as Json | null)?.payment_method as Json | null | undefined;
  const method = given ? null : (waits ?? stripe.objects.get(String(intent.payment_method)));
  const card = given ?? cardOf(stripe, String(method?.id));
  if (!card) throw new Error("There is no method to confirm it with.");
  intent.payment_method = method?.id ?? null;
  const error = confirm(stripe, intent, card, true);
  if (error) throw new Error(String(error.message));
}

export function succeed(stripe: State, intent: Intent): void {
  const charge = newCharge(stripe, intent, { status: "succeeded", paid: true, captured: true, amount_captured: intent.amount });
  Object.assign(intent, { status: "succeeded", amount_received: intent.amount, latest_charge: charge.id, next_action: null });
  stripe.emit("charge.succeeded", charge);
  stripe.emit("payment_intent.succeeded", intent);
}

function failed(stripe: State, intent: Intent, error: Json): Json {
  const charge = newCharge(stripe, intent, {
    status: "failed",
    paid: false,
    failure_code: error.code,
    failure_message: error.message,
  });
  const method = stripe.objects.get(String(intent.payment_method)) ?? null;
  const whole = { type: "card_error", charge: charge.id, payment_method: structuredClone(method), ...error };
  Object.assign(intent, { status: "requires_payment_method", last_payment_error: whole, latest_charge: charge.id, payment_method: null });
  stripe.emit("charge.failed", charge);
  stripe.emit("payment_intent.payment_failed", intent);
  return whole;
}

function newCharge(stripe: State, intent: Intent, over: Json): Json & { id: string } {
  return stripe.put({
    id: stripe.id("ch"),
    object: "charge",
    amount: intent.amount,
    amount_captured: 0,
    amount_refunded: 0,
    captured: false,
    created: stripe.now,
    currency: intent.currency,
    customer: intent.customer,
    disputed: false,
    failure_code: null,
    failure_message: null,
    livemode: false,
    metadata: intent.metadata,
    paid: false,
    payment_intent: intent.id,
    payment_method: intent.payment_method,
    refunded: false,
    ...over,
  });
}

const one = (stripe: State, id: string): Intent | null => {
  const object = stripe.objects.get(id);
  return object?.object === "payment_intent" ? (object as Intent) : null;
};

function create(form: Json, stripe: State): Reply {
  const amount = Number(form.amount);
  if (!Number.isInteger(amount) || amount < 1) return refuse(400, { message: "Invalid positive integer", param: "amount" });
  if (amount > 99_999_999) return refuse(400, { code: "amount_too_large", message: "Amount is too large.", param: "amount" });
  if (form.currency === "usd" && amount < 50)
    return refuse(400, { code: "amount_too_small", message: "Amount must be at least $0.50 usd.", param: "amount" });
  const customer = form.customer === undefined ? null : String(form.customer);
  if (customer !== null && stripe.objects.get(customer)?.object !== "customer") return missing("customer", customer, "customer");
  const method = form.payment_method === undefined ? null : String(form.payment_method);
  const card = method === null ? null : cardOf(stripe, method);
  if (method !== null && !card) return missing("PaymentMethod", method, "payment_method");
  if (method !== null && stripe.objects.get(method)?.customer !== customer && customer !== null && stripe.objects.has(method))
    return refuse(400, { message: "The PaymentMethod does not belong to the Customer you supplied.", param: "payment_method" });
  const intent = newIntent(stripe, {
    amount,
    currency: form.currency,
    customer,
    description: form.description ?? null,
    metadata: form.metadata ?? {},
    payment_method: method,
  });
  stripe.emit("payment_intent.created", intent);
  if (form.confirm !== "true") return found(intent);
  if (!card) return refuse(400, { message: "You cannot confirm this PaymentIntent because it's missing a payment method." });
  const error = confirm(stripe, intent, card, form.off_session !== "true");
  return error === null ? found(intent) : { status: 402, body: { error: { ...error, payment_intent: structuredClone(intent) } } };
}

export const paymentIntents: readonly Route[] = [
  { method: "POST", path: "/v1/payment_intents", act: ({ form }, stripe) => create(form, stripe) },
  {
    method: "GET",
    path: "/v1/payment_intents",
    act(call, stripe) {
      const from = Number(((call.form.created ?? {}) as Json).gte ?? 0);
      const items = stripe
        .all("payment_intent")
        .filter((intent) => (call.form.customer === undefined || intent.customer === call.form.customer) && Number(intent.created) >= from);
      return stripe.list(items, call, "/v1/payment_intents");
    },
  },
  {
    method: "GET",
    path: "/v1/payment_intents/*",
    act: ({ ids: [id] }, stripe) => (one(stripe, id!) ? found(one(stripe, id!)!) : missing("payment_intent", id!, "intent")),
  },
  {
    method: "POST",
    path: "/v1/payment_intents/*/cancel",
    act({ ids: [id], form }, stripe) {
      const intent = one(stripe, id!);
      if (!intent) return missing("payment_intent", id!, "intent");
      if (intent.status === "succeeded" || intent.status === "canceled")
        return refuse(400, {
          code: "payment_intent_unexpected_state",
          message: `You cannot cancel this PaymentIntent because it has a status of ${String(intent.status)}.`,
        });
      Object.assign(intent, { status: "canceled", canceled_at: stripe.now, cancellation_reason: form.cancellation_reason ?? null });
      stripe.emit("payment_intent.canceled", intent);
      return found(intent);
    },
  },
  {
    method: "GET",
    path: "/v1/charges/*",
    act: ({ ids: [id] }, stripe) =>
      stripe.objects.get(id!)?.object === "charge" ? found(stripe.objects.get(id!)!) : missing("charge", id!),
  },
];
