/** An engine that collects by Stripe, over the loopback, whose webhooks are signed independently of what verifies them. */

import { collectDue } from "../../src/billing/payments/collect.ts";
import { verifyBooks } from "../../src/cli/verify/books.ts";
import type { Config } from "../../src/config.ts";
import { dispatchInbound } from "../../src/webhooks/inbound/dispatch.ts";
import { type Answer, createWorld, type World } from "../world.ts";
import { CARDS } from "./resources/payment-methods.ts";
import { leaveCard } from "./resources/setup-intents.ts";
import { type Json, SECRET_KEY, type StripeLoopback, startStripe } from "./server.ts";
import { signature, WEBHOOK_SECRET } from "./signing.ts";

export interface Setting {
  world: World;
  stripe: StripeLoopback;
  deliver(event: Json): Promise<Answer>;
  /** Delivers what Stripe has to tell since the last time, in this order, and has it worked on. Answers the types. */
  tell(order?: (events: Json[]) => Json[]): Promise<string[]>;
  /** What Stripe had to tell and nobody heard. */
  lose(): void;
  dispatch(): Promise<number>;
  /** What failed and is due again. */
  retry(): Promise<number>;
  inbound(eventId: string): Promise<Answer["body"]>;
  /** A tenant with a card at Stripe, left by a setup intent. Answers the gateway's name of the customer. */
  payer(tenant: string, card?: keyof typeof CARDS): Promise<string>;
  /** An open invoice that is charged automatically. */
  bill(tenant: string, amount?: number): Promise<Answer["body"]>;
  collect(): Promise<number>;
  invoice(id: string): Promise<Answer["body"]>;
  payments(tenant: string): Promise<Answer["body"][]>;
  timeline(tenant: string): Promise<string[]>;
  /** What is asked about, or tried again, after a while is due at once. */
  hurry(): Promise<void>;
  /** What `billwright verify` finds wrong in the books. */
  wrong(): Promise<unknown[]>;
  close(): Promise<void>;
}

export async function createSetting(config: Partial<Config> = {}, options: { worker?: boolean } = {}): Promise<Setting> {
  const stripe = await startStripe();
  const world = await createWorld({
    ...options,
    config: {
      // What fails here does so on purpose.
      logLevel: "silent",
      stripe: { secretKey: SECRET_KEY, publishableKey: "pk_test_loopback", apiUrl: stripe.url, timeoutMs: 3_000, portalReturnUrl: null },
      stripeWebhookSecrets: [WEBHOOK_SECRET],
      ...config,
    },
  });
  const { ctx } = world.billing;
  let told = 0;
  const setting: Setting = {
    world,
    stripe,
    deliver: (event) => {
      const body = JSON.stringify(event);
      const header = signature(body, Math.floor(ctx.clock.now() / 1_000));
      return world.post("/v1/webhooks/stripe", body, { authorization: "", "stripe-signature": header });
    },
    async tell(order = (events) => events) {
      const events = order(stripe.events.slice(told));
      told = stripe.events.length;
      for (const event of events) await setting.deliver(event);
      await setting.dispatch();
      return events.map((event) => String(event.type));
    },
    lose: () => {
      told = stripe.events.length;
    },
    dispatch: () => dispatchInbound(ctx, "new"),
    retry: () => dispatchInbound(ctx, "failed"),
    async inbound(eventId) {
      const { items } = await world.must("GET", "/v1/inbound-events?limit=100");
      return items.find((one: { event_id: string }) => one.event_id === eventId);
    },
    async payer(tenant, card = "pm_card_visa") {
      await world.must("PUT", `/v1/tenants/${tenant}`, { name: tenant, email: `${tenant}@example.com`, currency: "usd" });
      const setup = await world.must("POST", `/v1/tenants/${tenant}/payment-methods/setup-intent`, { gateway: "stripe" });
      leaveCard(stripe, setup.id, CARDS[card]!);
      await setting.tell();
      return String(stripe.objects.get(setup.id)!.customer);
    },
    async bill(tenant, amount = 4_200) {
      const item = await world.must("POST", `/v1/tenants/${tenant}/invoice-items`, { description: "Work", amount, invoice: "own" });
      return setting.invoice(item.invoice_id);
    },
    collect: () => collectDue(ctx),
    invoice: (id) => world.must("GET", `/v1/invoices/${id}`),
    payments: async (tenant) => (await world.must("GET", `/v1/tenants/${tenant}/payments`)).items,
    timeline: async (tenant) =>
      (await world.must("GET", `/v1/tenants/${tenant}/events?limit=100`)).items
        .reverse()
        .map((event: { type: string; source: string }) => `${event.source} ${event.type}`),
    async hurry() {
      await world.owner.query("update payments set claimed_until = null where status in ('requested', 'unknown')");
      await world.owner.query("update payments set ask_at = '2020-01-01' where ask_at is not null");
      await world.owner.query("update checkouts set ask_at = '2020-01-01' where ask_at is not null");
      await world.owner.query("update refunds set claimed_until = null where status in ('requested', 'unknown', 'pending')");
      await world.owner.query("update inbound_events set next_at = '2020-01-01' where state = 'failed'");
    },
    async wrong() {
      const verdicts = await verifyBooks(ctx.pool, { tenantId: null, usage: "none", limit: 5 }, () => undefined);
      return verdicts.filter((verdict) => verdict.wrong > 0);
    },
    close: async () => {
      await world.close();
      await stripe.close();
    },
  };
  return setting;
}
