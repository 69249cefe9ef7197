/** Usage of subscriptions that Stripe runs, sent to its meters exactly once an event, whoever dies in between. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { stripeParts } from "../../src/processors/stripe/processor.ts";
import { sendUsage } from "../../src/processors/stripe/send-usage.ts";
import { takeUsage } from "../../src/processors/stripe/take-usage.ts";
import { type BillingSetting, createBilling } from "./billing-setting.ts";
import { metered } from "./resources/prices.ts";
import type { Json } from "./server.ts";

let b: BillingSetting;
beforeAll(async () => {
  b = await createBilling({ usage: { maxAgeDays: 400, maxAheadMinutes: 5, limitWarningPercent: 80 } });
  await b.tenant("acme");
  await b.start("acme", { plan: "pro" });
});
afterAll(async () => {
  expect(b.stripe.objections).toEqual([]);
  await b.close();
});

const again = () => b.world.owner.query("update processor_usage set next_at = '2020-01-01'");
const free = () => b.world.owner.query("update meter_events set claimed_until = null, next_at = '2020-01-01' where status = 'waiting'");
const take = async () => {
  await again();
  return takeUsage(b.world.billing.ctx);
};
const send = () => sendUsage(b.world.billing.ctx, stripeParts(b.world.billing.ctx)!);
const record = (tenant: string, key: string, amount: number, at?: string) =>
  b.world.must("POST", "/v1/usage", { tenant_id: tenant, event: "call", idempotency_key: key, amount, ...(at ? { at } : {}) });
const counted = (tenant: string) => metered(b.stripe, b.there(tenant).customer, "calls", 0, Number.MAX_SAFE_INTEGER);

test("each event once, under the identity that it has here", async () => {
  await record("acme", "one", 3);
  await record("acme", "one", 3);
  await record("acme", "two", 4.5);
  expect([await take(), await take(), await send(), await send()]).toEqual([2, 0, 2, 0]);
  expect(counted("acme")).toBe(7.5);
  const { rows } = await b.world.owner.query("select identity::text from usage_events order by seq");
  const sent = b.stripe.writes(/meter_events$/).map(({ form, idempotencyKey }) => ({ ...form, idempotencyKey }) as Json);
  expect(sent.map((one) => one.identifier).sort()).toEqual(rows.map((row) => `${row.identity}-calls`).sort());
  expect(sent[0]).toMatchObject({
    event_name: "calls",
    payload: { stripe_customer_id: b.there("acme").customer },
    idempotencyKey: sent[0]!.identifier,
  });
});

test("an answer that is lost, and a worker that dies after it sent, count nothing twice", async () => {
  await record("acme", "three", 10);
  await take();
  b.stripe.fail("POST", /meter_events$/, "lost");
  await send();
  // Another one, whose worker dies before it writes the outcome down.
  await record("acme", "four", 20);
  await take();
  await free();
  await b.world.owner.query("create function die() returns trigger language plpgsql as $$ begin raise exception 'dead'; end $$");
  await b.world.owner.query(
    "create trigger die before update on meter_events for each row when (new.status = 'sent') execute function die()",
  );
  await expect(send()).rejects.toThrow("dead");
  await b.world.owner.query("drop trigger die on meter_events");
  await free();
  await send();
  expect(counted("acme")).toBe(37.5);
  const { rows } = await b.world.owner.query("select status, count(*)::int from meter_events group by 1");
  expect(rows).toEqual([{ status: "sent", count: 4 }]);
});

test("two workers at once take and send each event once", async () => {
  await Promise.all(Array.from({ length: 40 }, (_, i) => record("acme", `many-${i}`, 1)));
  await again();
  await Promise.all([takeUsage(b.world.billing.ctx), takeUsage(b.world.billing.ctx)]);
  const before = b.stripe.writes(/meter_events$/).length;
  await Promise.all([send(), send()]);
  expect(b.stripe.writes(/meter_events$/).length - before).toBe(40);
  expect(counted("acme")).toBe(77.5);
});

test("what is older than Stripe takes is refused where everybody can see it", async () => {
  await b.world.owner.query("update subscriptions set started_at = '2026-01-01' where tenant_id = 'acme'");
  await record("acme", "old", 5, new Date(Date.now() - 40 * 86_400_000).toISOString());
  await take();
  expect(await send()).toBe(0);
  expect(counted("acme")).toBe(77.5);
  const [event] = (await b.world.must("GET", "/v1/tenants/acme/events?limit=1")).items;
  expect(event).toMatchObject({ type: "usage.refused", data: { count: 1, events: [{ meter: "calls" }] } });
  expect(event.summary).toContain("more than 35 days old");
});

test("nothing is sent of what the engine bills, nor before the subscription began", async () => {
  await b.world.must("PUT", "/v1/tenants/own", { name: "own", currency: "usd" });
  await b.world.must("POST", "/v1/tenants/own/subscription", { plan: "pro" });
  await record("own", "one", 100);
  await b.tenant("fresh");
  await record("fresh", "early", 100, new Date(Date.now() - 3_600_000).toISOString());
  await b.start("fresh", { plan: "pro" });
  expect(await take()).toBe(0);
});

test("what is metered is what Stripe bills when the period ends", async () => {
  const upcoming = await b.world.must("POST", "/v1/tenants/acme/upcoming-invoice", {});
  expect(upcoming.lines.find((line: Json) => line.price === "calls")).toMatchObject({
    description: "Pro: Calls",
    meter: "calls",
    quantity: 77.5,
    amount: 155,
  });
});
