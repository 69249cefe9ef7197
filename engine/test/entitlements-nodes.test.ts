/** Two engines on one database: what one changes, the other answers by at once; and what happens while nothing can be heard. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { onPool } from "../src/db/pool.ts";
import { type Billwright, createBillwright, Refusal } from "../src/engine.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
let other: Billwright;

const plan = (key: string, limit: number, more: object = {}) => ({
  key,
  currency: "usd",
  prices: [{ key: "base", type: "flat", amount: limit }],
  entitlements: [{ feature: "api", limit, window: "month", enforcement: "hard" }],
  ...more,
});
const CATALOG = {
  meters: [{ key: "calls", event: "call", aggregation: "sum", property: "n" }],
  features: [
    { key: "api", type: "metered", meter: "calls" },
    { key: "chat", type: "boolean" },
  ],
  plans: [plan("free", 10, { default: true }), plan("pro", 100), plan("team", 1000)],
};

beforeAll(async () => {
  world = await createWorld();
  other = await createBillwright({
    database: world.billing.databaseUrl,
    worker: false,
    config: { logLevel: "error", databasePoolSize: 4 },
  });
  await world.must("PUT", "/v1/catalog", CATALOG);
});
afterAll(async () => {
  await other.close();
  await world.close();
});

/** Until the other node answers so; a notice takes some milliseconds, the net under it is ten seconds wide. */
async function soon(what: () => Promise<unknown>, wanted: unknown): Promise<void> {
  for (let tries = 0; tries < 150; tries++) {
    if (JSON.stringify(await what()) === JSON.stringify(wanted)) return;
    await sleep(10);
  }
  expect(await what()).toEqual(wanted);
}

const limitOn = async (node: Billwright, tenant: string) => (await node.entitlements.check(tenant, "api")).limit;

test("a change of subscription, override, catalog, tenant or clock is seen by the other node at once", async () => {
  const clock = await world.clock("2026-03-10T12:00:00Z");
  await world.must("PUT", "/v1/tenants/two", { test_clock: clock.id });
  expect(await limitOn(other, "two")).toBe(10);
  await world.must("POST", "/v1/tenants/two/subscription", { plan: "pro", collection: "send_invoice" });
  await soon(() => limitOn(other, "two"), 100);
  await world.must("POST", "/v1/tenants/two/subscription/plan", { plan: "team", when: "now" });
  expect(await limitOn(world.billing, "two")).toBe(1000);
  await soon(() => limitOn(other, "two"), 1000);
  await world.must("PUT", "/v1/tenants/two/entitlement-overrides/api", { limit: 7, expires_at: "2026-03-20T00:00:00Z" });
  await soon(() => limitOn(other, "two"), 7);
  await clock.to("2026-03-20T00:00:00Z");
  expect(await limitOn(world.billing, "two")).toBe(1000);
  await soon(() => limitOn(other, "two"), 1000);
  const chat = async () => (await other.entitlements.check("two", "chat")).has_access;
  expect(await chat()).toBe(false);
  await world.must("PUT", "/v1/tenants/free1", {});
  expect((await other.entitlements.check("free1", "chat")).has_access).toBe(false);
  await world.must("PUT", "/v1/catalog", {
    ...CATALOG,
    plans: [{ ...CATALOG.plans[0], entitlements: [{ feature: "chat", enabled: true }] }, ...CATALOG.plans.slice(1)],
  });
  expect((await world.billing.entitlements.check("free1", "chat")).has_access).toBe(true);
  await soon(async () => (await other.entitlements.check("free1", "chat")).has_access, true);
  await world.must("PUT", "/v1/catalog", CATALOG);
  await world.must("POST", "/v1/tenants/two/subscription/cancel", { when: "now" });
  await soon(() => limitOn(other, "two"), 10);
  const resets = async () => (await other.entitlements.check("free1", "api")).resets_at;
  const before = await resets();
  await world.must("PUT", "/v1/tenants/free1", { time_zone: "Asia/Kolkata" });
  await soon(async () => (await resets()) !== before, true);
});

test("usage is seen at once by the node that stored it, and soon by the other; both agree with the ledger", async () => {
  await world.must("PUT", "/v1/tenants/used", {});
  const usedOn = async (node: Billwright) => (await node.entitlements.check("used", "api")).used;
  expect([await usedOn(world.billing), await usedOn(other)]).toEqual([0, 0]);
  let sum = 0;
  for (let i = 1; i <= 20; i++) {
    const node = i % 3 === 0 ? other : world.billing;
    const n = i / 10;
    if (i % 2 === 0) await node.usage.record({ tenant_id: "used", event: "call", properties: { n } });
    else
      await node.usage.record([
        { tenant_id: "used", event: "call", properties: { n } },
        { tenant_id: "used", event: "call", properties: { n: 0 } },
      ]);
    sum += i;
    if (i > 1 && i % 3 !== 0 && (i - 1) % 3 !== 0) continue;
  }
  await other.usage.record({ tenant_id: "used", event: "call", properties: { n: 0.5 }, idempotency_key: "once" });
  await other.usage.record({ tenant_id: "used", event: "call", properties: { n: 0.5 }, idempotency_key: "once" });
  const total = sum / 10 + 0.5;
  await soon(() => usedOn(world.billing), total);
  await soon(() => usedOn(other), total);
  const ledger = (await world.must("GET", "/v1/tenants/used/usage?meter=calls")).items[0].value;
  expect(ledger).toBe(total);
});

test("a node's own usage moves its counters exactly, without reading them again", async () => {
  await world.must("PUT", "/v1/tenants/own", {});
  const used = async () => (await world.billing.entitlements.check("own", "api")).used;
  expect(await used()).toBe(0);
  for (let i = 1; i <= 30; i++) {
    await world.billing.usage.record({ tenant_id: "own", event: "call", properties: { n: "0.1" } });
    expect(await used()).toBe(i / 10);
  }
  await Promise.all(
    Array.from({ length: 40 }, () => world.billing.usage.record({ tenant_id: "own", event: "call", properties: { n: "0.1" } })),
  );
  expect(await used()).toBe(7);
  await world.billing.entitlements.invalidate("own");
  expect(await used()).toBe(7);
});

test("while a node cannot hear the database, it keeps nothing: slower, not wrong", async () => {
  await world.must("PUT", "/v1/tenants/deaf", {});
  expect(await limitOn(other, "deaf")).toBe(10);
  await world.owner.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'billwright signals' and datname = current_database()",
  );
  await sleep(60);
  for (const limit of [11, 12, 13]) {
    await world.must("PUT", "/v1/tenants/deaf/entitlement-overrides/api", { limit });
    expect([await limitOn(other, "deaf"), await limitOn(world.billing, "deaf")]).toEqual([limit, limit]);
  }
  // Heard again: what was missed is not kept, and news arrives as before.
  await sleep(600);
  expect(await limitOn(other, "deaf")).toBe(13);
  await world.must("PUT", "/v1/tenants/deaf/entitlement-overrides/api", { limit: 14 });
  await soon(() => limitOn(other, "deaf"), 14);
});

test("invalidate drops what every node keeps, also of what was changed past the engine", async () => {
  await world.must("PUT", "/v1/tenants/past", {});
  await other.usage.record({ tenant_id: "past", event: "call", properties: { n: 4 } });
  expect((await other.entitlements.check("past", "api")).used).toBe(4);
  const db = onPool(world.billing.ctx.pool);
  await db.query("update usage_rollups set total = 6 from tenants t where t.no = usage_rollups.tenant_no and t.id = 'past'");
  expect((await other.entitlements.check("past", "api")).used).toBe(4);
  expect(await world.must("POST", "/v1/tenants/past/entitlements/invalidate")).toEqual({ tenant_id: "past", invalidated: true });
  await soon(async () => (await other.entitlements.check("past", "api")).used, 6);
  expect((await world.post("/v1/tenants/nobody/entitlements/invalidate")).body.code).toBe("tenant_not_found");
});

test("the library answers as the API does", async () => {
  await world.must("PUT", "/v1/tenants/lib", {});
  const { entitlements } = world.billing;
  expect(await entitlements.check("lib", "api")).toEqual(await world.must("GET", "/v1/tenants/lib/entitlements/api"));
  const { id: _id, ...consumed } = await entitlements.consume("lib", "api", { quantity: 4, idempotencyKey: "k" });
  expect(consumed).toMatchObject({ has_access: true, used: 4, remaining: 6, status: "accepted", quantity: 4 });
  expect(await entitlements.consume("lib", "api", { quantity: 4, idempotencyKey: "k" })).toMatchObject(consumed);
  expect((await entitlements.check("lib", "api", 7)).has_access).toBe(false);
  expect((await entitlements.check("lib", "api", "6")).has_access).toBe(true);
  const refused = entitlements.consume("lib", "api", { quantity: 7 });
  await expect(refused).rejects.toBeInstanceOf(Refusal);
  await expect(refused).rejects.toMatchObject({ code: "quota_exceeded", extra: { used: expect.anything(), reason: "limit_reached" } });
  await expect(entitlements.check("nobody", "api")).rejects.toMatchObject({ code: "tenant_not_found" });
  await expect(entitlements.check("lib", "apii")).rejects.toMatchObject({ code: "feature_not_found" });
  expect(await entitlements.all("lib")).toEqual(await world.must("GET", "/v1/tenants/lib/entitlements"));
  // What is answered from memory cannot be changed by who got it.
  const answer = await entitlements.check("lib", "api");
  expect(() => Object.assign(answer, { has_access: false })).toThrow();
});
