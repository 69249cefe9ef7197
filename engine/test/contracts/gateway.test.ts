/** Four adapters, one contract: the sandbox, money from outside, Razorpay and Stripe, the last two over loopbacks of their APIs. */
import { afterAll, beforeAll } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { manualGateway } from "../../src/gateways/manual/gateway.ts";
import { razorpayGateway } from "../../src/gateways/razorpay/gateway.ts";
import { stripeClient } from "../../src/gateways/stripe/client.ts";
import { stripeGateway } from "../../src/gateways/stripe/gateway.ts";
import { KEY_ID, KEY_SECRET, startLoopback } from "../razorpay/server.ts";
import type { Json } from "../stripe/resource.ts";
import { confirm, confirmOnPage, newIntent } from "../stripe/resources/payment-intents.ts";
import { CARDS, newMethod } from "../stripe/resources/payment-methods.ts";
import { SECRET_KEY, startStripe } from "../stripe/server.ts";
import { createWorld, type World } from "../world.ts";
import { gatewayContract } from "./gateway.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

gatewayContract("sandbox", async () => {
  const gateway = world.billing.ctx.gateways.get("sandbox");
  return {
    gateway,
    currency: "usd",
    payer: {
      customer: null,
      good: "tok_visa",
      declined: { method: "tok_insufficient_funds", code: "insufficient_funds" },
      asked: {
        method: "tok_requires_action",
        confirm: async (secret) => void (await world.must("POST", "/sandbox/payment-intents/confirm", { client_secret: secret })),
      },
    },
    async paid(key, amountMinor) {
      const asked = { tenantId: "acme", customer: null, invoiceId: "inv", invoiceNumber: null, currency: "usd", method: "tok_visa" };
      return (await gateway.charge({ ...asked, idempotencyKey: key, amountMinor })) as { reference: string };
    },
    books: () => null,
    close: async () => undefined,
  };
});

gatewayContract("manual", async () => ({
  gateway: manualGateway(),
  currency: "inr",
  payer: null,
  paid: async (key) => ({ reference: key }),
  books: () => null,
  refundsByPerson: true,
  close: async () => undefined,
}));

gatewayContract("razorpay", async () => {
  const razorpay = await startLoopback();
  const gateway = razorpayGateway({ keyId: KEY_ID, keySecret: KEY_SECRET, apiUrl: razorpay.url, timeoutMs: 1_000 });
  return {
    gateway,
    currency: "inr",
    payer: null,
    async paid(key, amountMinor) {
      const order = await gateway.orders!.create({ receipt: key, amountMinor, currency: "inr", notes: {} });
      return { reference: String(razorpay.pay((order as { reference: string }).reference).id) };
    },
    books: (reference) => ({
      taken: 0n,
      back: [...razorpay.refunds.values()]
        .filter((one) => one.payment_id === reference)
        .reduce((sum, one) => sum + BigInt(one.amount as number), 0n),
    }),
    silence: (of) => razorpay.fail("POST", of === "refund" ? /refund$/ : /orders$/, "slow"),
    close: razorpay.close,
  };
});

gatewayContract("stripe", async () => {
  const stripe = await startStripe();
  const client = stripeClient({ secretKey: SECRET_KEY, apiUrl: stripe.url, timeoutMs: 10_000 });
  const gateway = stripeGateway(client, systemClock, { publishableKey: "pk_test_loopback", portalReturnUrl: null });
  const { reference: customer } = await gateway.customers!.create({ idempotencyKey: "gc_contract", tenantId: "acme", since: Date.now() });
  const card = (name: string) => newMethod(stripe, CARDS[name]!, customer).id;
  return {
    gateway,
    currency: "usd",
    payer: {
      customer,
      good: card("pm_card_visa"),
      declined: { method: card("pm_card_chargeDeclinedInsufficientFunds"), code: "insufficient_funds" },
      asked: { method: card("pm_card_authenticationRequired"), confirm: async (secret) => confirmOnPage(stripe, secret) },
    },
    async paid(key, amountMinor) {
      const intent = newIntent(stripe, { amount: Number(amountMinor), customer, metadata: { billwright_payment: key } });
      confirm(stripe, intent, CARDS.pm_card_visa!, true);
      return { reference: intent.id };
    },
    books(reference) {
      const sum = (items: Json[]) => items.reduce((total, one) => total + BigInt(one.amount as number), 0n);
      const of = (kind: string) => stripe.all(kind).filter((one) => one.payment_intent === reference);
      return { taken: sum(of("charge").filter((one) => one.paid === true)), back: sum(of("refund")) };
    },
    silence: (of) => stripe.fail("POST", of === "refund" ? /refunds$/ : /payment_intents$/, "muffled"),
    close: async () => {
      if (stripe.objections.length > 0) throw new Error(stripe.objections.join("\n"));
      await stripe.close();
    },
  };
});
