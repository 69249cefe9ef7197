/** An engine whose subscriptions Stripe runs, over the loopback: a plan with its prices there, cards, and the webhooks of what happened. */
import { verifyBooks } from "../../src/cli/verify/books.ts";
import type { Config } from "../../src/config.ts";
import { dispatchInbound } from "../../src/webhooks/inbound/dispatch.ts";
import { type Answer, createWorld, type World } from "../world.ts";
import type { Thing } from "./resources/invoices.ts";
import { CARDS, newMethod } from "./resources/payment-methods.ts";
import { newPrice } from "./resources/prices.ts";
import { type Json, SECRET_KEY, type StripeLoopback, startStripe } from "./server.ts";
import { signature, WEBHOOK_SECRET } from "./signing.ts";

export interface BillingSetting {
  world: World;
  stripe: StripeLoopback;
  /** A tenant that is a customer there, with this card. */
  tenant(id: string, card?: string, more?: Json): Promise<void>;
  card(id: string, name: string): void;
  start(id: string, body?: Json): Promise<Answer["body"]>;
  /** What the tenant's subscription is at Stripe. */
  there(id: string): Thing;
  subscription(id: string): Promise<Answer["body"]>;
  deliver(event: Json): Promise<Answer>;
  dispatch(which?: "new" | "failed"): Promise<number>;
  /** Delivers all that was not, in order, and works on it. */
  settle(): Promise<void>;
  invoices(id: string): Promise<Answer["body"][]>;
  timeline(id: string): Promise<string[]>;
  wrong(): Promise<unknown[]>;
  hurry(): Promise<void>;
  close(): Promise<void>;
}

export const CATALOG = {
  meters: [{ key: "calls", event: "call", aggregation: "sum" }],
  features: [{ key: "chat", type: "boolean" }],
  plans: [
    {
      key: "starter",
      name: "Starter",
      currency: "usd",
      interval: "month",
      prices: [{ key: "base", type: "flat", amount: 1_000, name: "Base fee" }],
      entitlements: [{ feature: "chat", enabled: true }],
      credits: { amount: 100 },
      processor_prices: { stripe: { base: "price_starter" } },
    },
    {
      key: "pro",
      name: "Pro",
      currency: "usd",
      interval: "month",
      prices: [
        { key: "base", type: "flat", amount: 3_000, name: "Base fee" },
        { key: "seats", type: "seat", unit_amount: "500", name: "Seats" },
        { key: "calls", type: "usage", meter: "calls", unit_amount: "2", name: "Calls" },
      ],
      entitlements: [{ feature: "chat", enabled: true }],
      credits: { amount: 500 },
      processor_prices: { stripe: { base: "price_pro_base", seats: "price_pro_seats", calls: "price_pro_calls" } },
    },
    { key: "bare", name: "Bare", currency: "usd", interval: "month", prices: [{ key: "base", type: "flat", amount: 100 }] },
  ],
};

export async function createBilling(config: Partial<Config> = {}, options: { worker?: boolean } = {}): Promise<BillingSetting> {
  const stripe = await startStripe();
  stripe.now = Math.floor(Date.now() / 1_000);
  const world = await createWorld({
    ...options,
    config: {
      logLevel: (process.env.DEBUG_LOG as "error") ?? "silent",
      stripe: { secretKey: SECRET_KEY, publishableKey: null, apiUrl: stripe.url, timeoutMs: 20_000, portalReturnUrl: null },
      stripeWebhookSecrets: [WEBHOOK_SECRET],
      stripeMeters: { calls: "calls" },
      ...config,
    },
  });
  const meter = stripe.put({ id: "mtr_calls", object: "billing.meter", event_name: "calls", status: "active" });
  const cycle = { interval: "month", interval_count: 1, usage_type: "licensed", meter: null };
  newPrice(stripe, { id: "price_starter", unit_amount: 1_000, recurring: cycle });
  newPrice(stripe, { id: "price_pro_base", unit_amount: 3_000, recurring: cycle });
  newPrice(stripe, { id: "price_pro_seats", unit_amount: 500, recurring: cycle });
  newPrice(stripe, { id: "price_pro_calls", unit_amount: 2, recurring: { ...cycle, usage_type: "metered", meter: meter.id } });
  await world.must("PUT", "/v1/catalog", CATALOG);
  let told = 0;
  const customerOf = (id: string) => stripe.all("customer").find((one) => (one.metadata as Json).billwright_tenant === id) as Thing;
  const setting: BillingSetting = {
    world,
    stripe,
    async tenant(id, card = "pm_card_visa", more = {}) {
      // Each begins today, however far the cycle of the one before was moved.
      stripe.now = Math.floor(Date.now() / 1_000);
      await world.must("PUT", `/v1/tenants/${id}`, { name: id, currency: "usd", ...more });
      await world.must("POST", `/v1/tenants/${id}/customers`, { gateway: "stripe" });
      if (card !== "") setting.card(id, card);
    },
    card(id, name) {
      const customer = customerOf(id);
      const method = newMethod(stripe, CARDS[name]!, customer.id);
      customer.invoice_settings = { ...(customer.invoice_settings as Json), default_payment_method: method.id };
    },
    start: (id, body = {}) => world.must("POST", `/v1/tenants/${id}/subscription`, { plan: "starter", processor: "stripe", ...body }),
    there: (id) => stripe.all("subscription").find((one) => one.customer === customerOf(id).id) as Thing,
    subscription: (id) => world.must("GET", `/v1/tenants/${id}/subscription`),
    deliver: (event) => {
      const body = JSON.stringify(event);
      const now = Math.floor(Date.now() / 1_000);
      return world.post("/v1/webhooks/stripe", body, { authorization: "", "stripe-signature": signature(body, now) });
    },
    dispatch: (which = "new") => dispatchInbound(world.billing.ctx, which),
    async settle() {
      for (const event of stripe.events.slice(told)) await setting.deliver(event);
      told = stripe.events.length;
      await setting.dispatch();
    },
    invoices: async (id) => (await world.must("GET", `/v1/tenants/${id}/invoices`)).items,
    timeline: async (id) =>
      (await world.must("GET", `/v1/tenants/${id}/events?limit=100`)).items.reverse().map((event: { type: string }) => event.type),
    async wrong() {
      const verdicts = await verifyBooks(world.billing.ctx.pool, { tenantId: null, usage: "none", limit: 5 }, () => undefined);
      return verdicts.filter((verdict) => verdict.wrong > 0);
    },
    async hurry() {
      await world.owner.query("update inbound_events set claimed_until = '2020-01-01' where state = 'working'");
      await world.owner.query("update inbound_events set next_at = '2020-01-01' where state = 'failed'");
      await world.owner.query("update processor_commands set claimed_until = '2020-01-01' where status = 'requested'");
    },
    close: async () => {
      await world.close();
      await stripe.close();
    },
  };
  return setting;
}
