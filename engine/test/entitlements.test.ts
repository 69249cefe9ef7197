/** What a tenant may use: by its plan, its subscription, what overrides both, and the windows of its limits. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, type World } from "./world.ts";

let world: World;

const CATALOG = {
  meters: [{ key: "calls", event: "call", aggregation: "sum", property: "n" }],
  features: [
    { key: "chat", type: "boolean" },
    { key: "export", type: "boolean" },
    { key: "support", type: "config" },
    { key: "api", type: "metered", meter: "calls" },
  ],
  plans: [
    {
      key: "free",
      default: true,
      prices: [],
      entitlements: [
        { feature: "chat", enabled: true },
        { feature: "support", value: "forum" },
      ],
    },
    {
      key: "pro",
      currency: "usd",
      prices: [{ key: "base", type: "flat", amount: 1000 }],
      entitlements: [
        { feature: "chat", enabled: true },
        { feature: "export", enabled: true },
        { feature: "support", value: { hours: 4, phone: true } },
        { feature: "api", limit: 10, window: "day", enforcement: "hard" },
      ],
    },
  ],
};

beforeAll(async () => {
  world = await createWorld();
  await world.must("PUT", "/v1/catalog", CATALOG);
});
afterAll(() => world.close());

const check = async (tenant: string, feature: string) =>
  (await world.must("GET", `/v1/tenants/${tenant}/entitlements/${feature}`)) as Record<string, unknown>;

test("boolean and config features are those of the plan, and of the default plan without a subscription", async () => {
  await world.must("PUT", "/v1/tenants/acme", {});
  expect(await check("acme", "chat")).toMatchObject({ type: "boolean", has_access: true, reason: "granted" });
  expect(await check("acme", "support")).toMatchObject({ type: "config", has_access: true, value: "forum" });
  expect(await check("acme", "export")).toMatchObject({ has_access: false, reason: "not_in_plan" });
  expect(await check("acme", "api")).toMatchObject({ has_access: false, reason: "not_in_plan", limit: 0, remaining: 0 });
  await world.must("POST", "/v1/tenants/acme/subscription", { plan: "pro", collection: "send_invoice" });
  expect(await check("acme", "export")).toMatchObject({ has_access: true, reason: "granted" });
  expect(await check("acme", "support")).toMatchObject({ has_access: true, value: { hours: 4, phone: true } });
  expect(await check("acme", "api")).toMatchObject({
    has_access: true,
    limit: 10,
    used: 0,
    remaining: 10,
    window: "day",
    enforcement: "hard",
  });
});

test("the whole state comes in one call, and not again while nothing has changed", async () => {
  await world.must("PUT", "/v1/tenants/whole", {});
  const first = await world.get("/v1/tenants/whole/entitlements");
  expect(first.body).toMatchObject({ tenant_id: "whole", plan: "free", status: "none", features: { chat: { has_access: true } } });
  expect(Object.keys(first.body.features)).toEqual(["chat", "export", "support", "api"]);
  const etag = String(first.headers.etag);
  const again = await world.call("GET", "/v1/tenants/whole/entitlements", undefined, { "if-none-match": etag });
  expect([again.status, again.text, again.headers.etag]).toEqual([304, "", etag]);
  await world.must("PUT", "/v1/tenants/whole/entitlement-overrides/export", { enabled: true });
  const changed = await world.call("GET", "/v1/tenants/whole/entitlements", undefined, { "if-none-match": etag });
  expect([changed.status, changed.body.features.export.has_access]).toEqual([200, true]);
});

test("what a billing page needs comes in one call", async () => {
  await world.must("PUT", "/v1/tenants/page", {});
  await world.must("POST", "/v1/tenants/page/subscription", { plan: "pro", collection: "send_invoice" });
  const page = await world.must("GET", "/v1/tenants/page/summary");
  expect(page).toMatchObject({
    tenant_id: "page",
    subscription: { plan: "pro", status: "active" },
    entitlements: { plan: "pro", features: { export: { has_access: true } } },
    open_invoices: [{ total: 1000 }],
    next_invoice: { total: 1000 },
    usage: { meters: [{ meter: "calls", value: 0 }] },
  });
});
