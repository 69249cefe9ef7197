/** Payment methods, and the cards behind them: what becomes of a charge follows from the card, as with Stripe's test cards. */
import { found, type Json, missing, type Route, refuse, type State } from "../resource.ts";

export interface Card {
  brand: string;
  last4: string;
  /** succeeds, declines with this code, wants the person, or takes its time. */
  outcome: "succeeds" | "authentication_required" | "processing" | { decline: string; message: string };
}

/** By the names that Stripe's test mode has for them. */
export const CARDS: Readonly<Record<string, Card>> = {
  pm_card_visa: { brand: "visa", last4: "4242", outcome: "succeeds" },
  pm_card_mastercard: { brand: "mastercard", last4: "4444", outcome: "succeeds" },
  pm_card_chargeDeclined: { brand: "visa", last4: "0002", outcome: { decline: "generic_decline", message: "Your card was declined." } },
  pm_card_chargeDeclinedInsufficientFunds: {
    brand: "visa",
    last4: "9995",
    outcome: { decline: "insufficient_funds", message: "Your card has insufficient funds." },
  },
  pm_card_authenticationRequired: { brand: "visa", last4: "3184", outcome: "authentication_required" },
  pm_usBankAccount_processing: { brand: "bank", last4: "6789", outcome: "processing" },
};

const behind = new WeakMap<object, Card>();

/** The card of a method; one that was attached by its test name is what the name says. */
export function cardOf(stripe: State, id: string): Card | null {
  const object = stripe.objects.get(id);
  return (object && behind.get(object)) ?? CARDS[id] ?? null;
}

/** A person leaves a card: the method that Stripe makes of it. */
export function newMethod(stripe: State, card: Card, customer: string | null): Json & { id: string } {
  const method = stripe.put({
    id: stripe.id("pm"),
    object: "payment_method",
    allow_redisplay: "unspecified",
    billing_details: { address: null, email: null, name: null, phone: null },
    card: {
      brand: card.brand,
      country: "US",
      exp_month: 8,
      exp_year: 2031,
      fingerprint: `print${card.last4}`,
      funding: "credit",
      last4: card.last4,
    },
    created: stripe.now,
    customer,
    livemode: false,
    metadata: {},
    type: "card",
  });
  behind.set(method, card);
  if (customer !== null) stripe.emit("payment_method.attached", method);
  return method;
}

const one = (stripe: State, id: string) => {
  const object = stripe.objects.get(id);
  return object?.object === "payment_method" ? object : null;
};

export const paymentMethods: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/payment_methods/*",
    act: ({ ids: [id] }, stripe) => (one(stripe, id!) ? found(one(stripe, id!)!) : missing("PaymentMethod", id!)),
  },
  {
    method: "POST",
    path: "/v1/payment_methods/*/attach",
    act({ ids: [id], form }, stripe) {
      if (!stripe.objects.has(String(form.customer))) return missing("customer", String(form.customer), "customer");
      const card = CARDS[id!];
      if (card) return found(newMethod(stripe, card, String(form.customer)));
      const method = one(stripe, id!);
      if (!method) return missing("PaymentMethod", id!);
      method.customer = form.customer;
      stripe.emit("payment_method.attached", method);
      return found(method);
    },
  },
  {
    method: "POST",
    path: "/v1/payment_methods/*/detach",
    act({ ids: [id] }, stripe) {
      const method = one(stripe, id!);
      if (!method) return missing("PaymentMethod", id!);
      if (method.customer === null)
        return refuse(400, { message: "The payment method you provided is not attached to a customer so detachment is impossible." });
      const customer = method.customer;
      method.customer = null;
      stripe.emit("payment_method.detached", method, { customer });
      return found(method);
    },
  },
];
