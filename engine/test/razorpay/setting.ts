/** An engine that collects by Razorpay, over the loopback, with invoices to pay and webhooks that are signed independently of it. */
import { createHmac } from "node:crypto";
import { verifyBooks } from "../../src/cli/verify/books.ts";
import type { Config } from "../../src/config.ts";
import { dispatchInbound } from "../../src/webhooks/inbound/dispatch.ts";
import { type Answer, createWorld, type World } from "../world.ts";
import { KEY_ID, KEY_SECRET, type Loopback, startLoopback } from "./server.ts";

export const WEBHOOK_SECRET = "the webhook secret";
type Json = Record<string, unknown>;

export interface Setting {
  world: World;
  razorpay: Loopback;
  /** A tenant with an open invoice in rupees, sent and not charged. */
  invoice(tenant: string, amount?: number): Promise<Answer["body"]>;
  order(invoiceId: string): Promise<Answer["body"]>;
  deliver(event: Json | Buffer, eventId: string, headers?: Record<string, string>): Promise<Answer>;
  dispatch(which?: "new" | "failed"): Promise<number>;
  inbound(eventId: string): Promise<Answer["body"]>;
  /** What a crash, or the wait for the next try, leaves behind is due at once. */
  hurry(): Promise<void>;
  payments(tenant: string): Promise<Answer["body"][]>;
  timeline(tenant: string): Promise<string[]>;
  /** What `billwright verify` finds wrong in the books. */
  wrong(): Promise<unknown[]>;
  close(): Promise<void>;
}

export const sign = (body: Buffer | string, secret = WEBHOOK_SECRET) => createHmac("sha256", secret).update(body).digest("hex");

export function eventOf(type: string, entities: Record<string, Json>): Json {
  const payload = Object.fromEntries(Object.entries(entities).map(([name, entity]) => [name, { entity }]));
  return { entity: "event", account_id: "acc_loopback", event: type, contains: Object.keys(entities), payload, created_at: 1_567_674_606 };
}

export async function createSetting(config: Partial<Config> = {}, options: { worker?: boolean } = {}): Promise<Setting> {
  const razorpay = await startLoopback();
  const world = await createWorld({
    ...options,
    config: {
      // What fails here does so on purpose.
      logLevel: "silent",
      razorpay: { keyId: KEY_ID, keySecret: KEY_SECRET, apiUrl: razorpay.url, timeoutMs: 400 },
      razorpayWebhookSecrets: [WEBHOOK_SECRET, "the one before"],
      ...config,
    },
  });
  const setting: Setting = {
    world,
    razorpay,
    async invoice(tenant, amount = 50_000) {
      await world.must("PUT", `/v1/tenants/${tenant}`, { currency: "inr" });
      const item = await world.must("POST", `/v1/tenants/${tenant}/invoice-items`, {
        description: "Work",
        amount,
        invoice: "own",
        collection: "send_invoice",
      });
      return world.must("GET", `/v1/invoices/${item.invoice_id}`);
    },
    order: (invoiceId) => world.must("POST", `/v1/invoices/${invoiceId}/razorpay-order`),
    deliver: (event, eventId, headers = {}) => {
      const body = Buffer.isBuffer(event) ? event.toString("utf8") : JSON.stringify(event);
      return world.post("/v1/webhooks/razorpay", body, {
        authorization: "",
        "x-razorpay-signature": sign(body),
        "x-razorpay-event-id": eventId,
        ...headers,
      });
    },
    dispatch: (which = "new") => dispatchInbound(world.billing.ctx, which),
    async inbound(eventId) {
      const { items } = await world.must("GET", "/v1/inbound-events?limit=100");
      return items.find((one: { event_id: string }) => one.event_id === eventId);
    },
    async hurry() {
      await world.owner.query("update inbound_events set claimed_until = '2020-01-01' where state = 'working'");
      await world.owner.query("update inbound_events set next_at = '2020-01-01' where state = 'failed'");
    },
    payments: async (tenant) => (await world.must("GET", `/v1/tenants/${tenant}/payments`)).items,
    timeline: async (tenant) =>
      (await world.must("GET", `/v1/tenants/${tenant}/events?limit=100`)).items
        .reverse()
        .map((event: { type: string; source: string }) => `${event.source} ${event.type}`),
    async wrong() {
      const verdicts = await verifyBooks(world.billing.ctx.pool, { tenantId: null, usage: "none", limit: 5 }, () => undefined);
      return verdicts.filter((verdict) => verdict.wrong > 0);
    },
    close: async () => {
      await world.close();
      await razorpay.close();
    },
  };
  return setting;
}
