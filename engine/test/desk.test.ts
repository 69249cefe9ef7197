/** What the operator's desk asks: lists over all tenants, a search, and the way from an amount or a refusal to what made it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, type World } from "./world.ts";

let world: World;
let clock: Awaited<ReturnType<World["clock"]>>;
// biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely
const items = async (url: string): Promise<any[]> => (await world.must("GET", url)).items;

beforeAll(async () => {
  world = await createWorld();
  await world.must("PUT", "/v1/catalog", {
    meters: [{ key: "tokens", event: "llm", aggregation: "sum", property: "n", group_by: ["model"] }],
    features: [
      { key: "ai", type: "metered", meter: "tokens" },
      { key: "sso", type: "boolean" },
    ],
    plans: [
      {
        key: "pro",
        name: "Pro",
        currency: "usd",
        interval: "month",
        prices: [
          { key: "base", type: "flat", amount: 5_000 },
          {
            key: "tokens",
            type: "usage",
            meter: "tokens",
            model: "graduated",
            group_by: ["model"],
            tiers: [
              { up_to: 10, unit_amount: "0" },
              { up_to: null, unit_amount: "12.5" },
            ],
          },
        ],
        entitlements: [{ feature: "ai", limit: 100, window: "month", enforcement: "hard" }],
      },
    ],
  });
  clock = await world.clock("2026-01-01T00:00:00Z");
  for (const [id, card] of [
    ["acme", "tok_visa"],
    ["broke", "tok_declined"],
  ]) {
    await world.must("PUT", `/v1/tenants/${id}`, { name: `${id} GmbH`, email: `pay@${id}.example`, currency: "usd", test_clock: clock.id });
    await world.must("POST", `/v1/tenants/${id}/payment-methods/setup-intent`, { token: card });
    await world.must("POST", `/v1/tenants/${id}/subscription`, { plan: "pro" });
  }
  const use = (n: number, model: string, day: string) => ({
    tenant_id: "acme",
    event: "llm",
    at: `2026-01-${day}T00:00:00Z`,
    idempotency_key: `${model} ${day}`,
    properties: { n, model },
  });
  await clock.to("2026-01-20T00:00:00Z");
  await world.must("POST", "/v1/usage", [use(20, "big", "03"), use(15, "big", "02"), use(8, "small", "04"), use(1, "big", "05")]);
  await clock.to("2026-02-01T00:00:00Z");
});
afterAll(() => world?.close());

test("invoices of all tenants, chosen by what they are", async () => {
  const all = await items("/v1/invoices?limit=100");
  expect(all.map(({ tenant_id }) => tenant_id).sort()).toEqual(["acme", "acme", "broke"]);
  expect((await items("/v1/invoices?status=paid")).map(({ tenant_id }) => tenant_id)).toEqual(["acme", "acme"]);
  expect((await items("/v1/invoices?overdue=true")).map(({ tenant_id }) => tenant_id)).toEqual(["broke"]);
  expect(await items("/v1/invoices?overdue=false")).toHaveLength(2);
  expect(await items("/v1/invoices?tenant_id=acme&from=2026-01-15T00:00:00Z")).toHaveLength(1);
  expect(await items("/v1/invoices?currency=eur")).toEqual([]);
  const { number } = all[1];
  expect((await items(`/v1/invoices?number=${String(number).toLowerCase()}`)).map((one) => one.number)).toEqual([number]);
  const first = await world.must("GET", "/v1/invoices?limit=2");
  const second = await world.must("GET", `/v1/invoices?limit=2&cursor=${first.next_cursor}`);
  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(all.map(({ id }) => id));
  expect(second.next_cursor).toBeNull();
});

test("payments and subscriptions of all tenants, and a search of tenants", async () => {
  expect((await items("/v1/payments?status=succeeded")).map(({ tenant_id }) => tenant_id)).toEqual(["acme", "acme"]);
  const failed = await items("/v1/payments?status=failed&limit=100");
  expect(new Set(failed.map(({ tenant_id, code }) => `${tenant_id} ${code}`))).toEqual(new Set(["broke card_declined"]));
  expect(await items("/v1/payments?gateway=razorpay")).toEqual([]);
  expect((await items("/v1/payments?limit=100")).length).toBe(failed.length + 2);
  expect((await items("/v1/subscriptions?plan=pro")).map(({ tenant_id }) => tenant_id).sort()).toEqual(["acme", "broke"]);
  expect((await items("/v1/subscriptions?status=active")).map(({ tenant_id }) => tenant_id)).toEqual(["acme"]);
  for (const q of ["ACM", "acme gmbh", "pay@acme"])
    expect((await items(`/v1/tenants?q=${encodeURIComponent(q)}`)).map(({ tenant_id }) => tenant_id)).toEqual(["acme"]);
  expect(await items("/v1/tenants?q=100%25")).toEqual([]);
  expect((await items("/v1/tenants?q=gmbh")).length).toBe(2);
});

test("from an amount to its steps, its meter and its events", async () => {
  const [invoice] = await items("/v1/invoices?tenant_id=acme&limit=1");
  const lines = invoice.lines.filter(({ kind }: { kind: string }) => kind === "usage");
  const big = lines.find(({ group }: { group: { model: string } }) => group.model === "big");
  // 36 of the big model: 26 beyond the first 10, at 12.5 cents.
  expect(big.amount).toBe(325);
  const trace = await world.must("GET", `/v1/invoices/${invoice.id}/lines/${big.id}/explain?events=2`);
  expect(trace).toMatchObject({ tenant_id: "acme", number: invoice.number, line: { amount: 325 } });
  expect(trace.steps.map(({ quantity }: { quantity: string }) => quantity)).toEqual(["10", "26"]);
  expect(trace.usage).toMatchObject({
    meter: "tokens",
    event: "llm",
    aggregation: "sum",
    property: "n",
    quantity: 36,
    quantity_now: 36,
    event_count: 3,
  });
  expect(trace.usage.events.map(({ at, value }: Record<string, string>) => [at, value])).toEqual([
    ["2026-01-02T00:00:00Z", "15"],
    ["2026-01-03T00:00:00Z", "20"],
  ]);
  // All of them add up to what was billed.
  const whole = await world.must("GET", `/v1/invoices/${invoice.id}/lines/${big.id}/explain`);
  expect(whole.usage.events.reduce((sum: number, { value }: { value: string }) => sum + Number(value), 0)).toBe(36);
  const base = invoice.lines.find(({ kind }: { kind: string }) => kind === "flat");
  expect((await world.must("GET", `/v1/invoices/${invoice.id}/lines/${base.id}/explain`)).usage).toBeNull();
  expect((await world.get(`/v1/invoices/${invoice.id}/lines/line_nothing/explain`)).status).toBe(404);
});

test("from a check to its rule, in words", async () => {
  const explain = (tenant: string, feature: string) => world.must("GET", `/v1/tenants/${tenant}/entitlements/${feature}/explain`);
  expect(await explain("acme", "ai")).toMatchObject({
    check: { has_access: true },
    source: "plan",
    plan: "pro",
    meter: "tokens",
    sentence: "ai is given by the plan pro: 0 of 100 are used in this month, 100 are left.",
    entitlements: [{ feature: "ai", limit: "100", window: "month", enforcement: "hard" }],
  });
  expect(await explain("acme", "sso")).toMatchObject({ check: { reason: "not_in_plan" }, sentence: "sso is not in the plan pro." });
  await world.must("PUT", "/v1/tenants/acme/entitlement-overrides/ai", { limit: 0, reason: "abuse" });
  expect(await explain("acme", "ai")).toMatchObject({
    source: "override",
    override: { limit: "0", reason: "abuse" },
    sentence: expect.stringContaining("ai is limited by what was set for this tenant by hand to 0 in a month, and 0 are used"),
  });
  await clock.to("2026-02-03T12:00:00Z");
  expect(await explain("broke", "ai")).toMatchObject({
    check: { has_access: false },
    subscribed_plan: "pro",
    sentence: expect.stringMatching(/A payment has failed and the grace is over|no subscription/),
  });
  expect((await world.get("/v1/tenants/acme/entitlements/nothing/explain")).status).toBe(404);
});

test("who is confined to a tenant sees that one alone", async () => {
  const { secret } = await world.must("POST", "/v1/api-keys", { name: "acme", scopes: ["billing.read"], tenant_id: "acme" });
  const as = (url: string) => world.call("GET", url, undefined, { authorization: `Bearer ${secret}` });
  for (const url of ["/v1/invoices", "/v1/payments", "/v1/subscriptions", "/v1/tenants?q=gmbh", "/v1/invoices?tenant_id=broke"]) {
    const { status, body } = await as(url);
    expect([url, status, [...new Set(body.items.map((one: { tenant_id: string }) => one.tenant_id))]]).toEqual([url, 200, ["acme"]]);
  }
  const [invoice] = await items("/v1/invoices?tenant_id=broke&limit=1");
  expect((await as(`/v1/invoices/${invoice.id}/lines/${invoice.lines[0].id}/explain`)).status).toBe(404);
});
