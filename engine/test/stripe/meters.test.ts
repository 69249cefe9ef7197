/** Usage of subscriptions that Stripe runs, sent to its meters exactly once an event, whoever dies in between. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { stripeParts } from "../../src/processors/stripe/processor.ts";
import { sendUsage } from "../../src/processors/stripe/send-usage.ts";
import { takeUsage } from "../../src/processors/stripe/take-usage.ts";
import { type BillingSetting, createBilling } from "./billing-setting.ts";
import { meterErrors, metered } from "./resources/prices.ts";
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

test("what Stripe took and could not use is marked by its identifiers, once, and each tenant told of its own; the rest the operator", async () => {
  await b.tenant("second");
  await b.start("second", { plan: "pro" });
  for (const [tenant, key] of [
    ["acme", "bad-1"],
    ["acme", "bad-2"],
    ["second", "bad-3"],
  ] as const)
    await record(tenant, key, 1);
  await take();
  await send();
  const list = async (tenant: string, query = "") => (await b.world.must("GET", `/v1/tenants/${tenant}/processor-usage${query}`)).items;
  const [two, one] = (await list("acme")).map((row: Json) => String(row.identifier));
  const [three] = (await list("second")).map((row: Json) => String(row.identifier));
  const errors = { meter_event_invalid_value: [one, three], archived_meter: [two], no_meter: ["somebody-elses"] };
  const thin = meterErrors(b.stripe, "v1.billing.meter.error_report_triggered", errors, 10);
  b.stripe.fail("GET", /v2\/core\/events/, "down");
  await b.deliver(thin);
  await b.dispatch();
  await b.hurry();
  await b.dispatch("failed");
  const inbound = async (type: string) => (await b.world.must("GET", `/v1/inbound-events?type=v1.billing.meter.${type}`)).items;
  expect(await inbound("error_report_triggered")).toMatchObject([{ state: "done", attempts: 2 }]);
  expect(await list("acme", "?status=refused&limit=2")).toMatchObject([
    { identifier: two, code: "archived_meter", reason: "It is archived_meter.", value: 1, status: "refused" },
    { identifier: one, code: "meter_event_invalid_value", event_name: "calls" },
  ]);
  const said = async (tenant: string) => (await b.world.must("GET", `/v1/tenants/${tenant}/events?type=usage.refused&limit=1`)).items[0];
  expect(await said("second")).toMatchObject({ data: { count: 1, events: [{ identifier: three, code: "meter_event_invalid_value" }] } });
  expect(await said("acme")).toMatchObject({ data: { count: 2 } });
  const [{ id }] = await inbound("error_report_triggered");
  await b.world.must("POST", `/v1/inbound-events/${id}/replay`);
  await b.dispatch();
  const { rows } = await b.world.owner.query(
    "select tenant_id, (data ->> 'count')::int as count from billing_events where type = 'usage.refused' and data ->> 'count' <> '1' order by 2",
  );
  expect(rows).toEqual([
    { tenant_id: "acme", count: 2 },
    { tenant_id: null, count: 7 },
  ]);
  // Of a meter that is not there, nothing of ours.
  await b.deliver(meterErrors(b.stripe, "v1.billing.meter.no_meter_found", { no_meter: ["not-ours"] }, 1));
  await b.dispatch();
  expect(await inbound("no_meter_found")).toMatchObject([{ state: "ignored", last_error: expect.stringContaining("none is named") }]);
  const wrong = await b.world.get("/v1/tenants/acme/processor-usage?cursor=WyJ4Il0");
  expect([wrong.status, wrong.body.errors[0].path]).toEqual([422, "cursor"]);
});
