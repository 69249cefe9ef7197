/** The catalog over HTTP: declared, compared, versioned, refused. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Change } from "../src/billing/catalog/diff.ts";
import { markMetersUsed } from "../src/billing/catalog/store.ts";
import { onPool } from "../src/db/pool.ts";
import { sampleCatalog } from "./sample-catalog.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const real = (changes: Change[]) => changes.filter((change) => change.action !== "none");
const put = async (catalog: unknown) => real((await world.must("PUT", "/v1/catalog", catalog)).changes);
const faults = async (catalog: unknown) => {
  const answer = await world.put("/v1/catalog", catalog);
  expect(answer.status, answer.text).toBe(422);
  expect(answer.body.code).toBe("invalid_request");
  return answer.body.errors.map((fault: { path: string }) => fault.path) as string[];
};

describe("a catalog", () => {
  test("is compared without being changed", async () => {
    const { changes } = await world.must("PUT", "/v1/catalog?dry_run=true", sampleCatalog());
    expect(real(changes)).toHaveLength(12);
    expect(changes[0]).toEqual({ kind: "meter", key: "input_tokens", action: "create", fields: [] });
    expect((await world.get("/v1/catalog")).body.plans).toEqual([]);
    expect((await world.get("/v1/plans/pro")).status).toBe(404);
  });

  test("answers as it was put, and putting that changes nothing", async () => {
    const answer = await world.must("PUT", "/v1/catalog", sampleCatalog());
    const got = (await world.get("/v1/catalog")).body;
    expect(got).toEqual(sampleCatalog());
    expect(answer).toEqual({ ...got, changes: answer.changes });
    const revision = (await world.billing.ctx.catalog.current({ fresh: true })).revision;
    expect(await put(got)).toEqual([]);
    expect((await world.billing.ctx.catalog.current({ fresh: true })).revision).toBe(revision);
  });

  test("is the same in another spelling", async () => {
    const catalog = sampleCatalog();
    catalog.plans[0].prices[1].unit_amount = 1000.0;
    catalog.plans[0].prices[2].tiers[0].unit_amount = "0.00020";
    catalog.plans[0].prices[2].tiers[0].up_to = "1000000.0";
    catalog.plans[0].proration_unit = "second";
    catalog.plans[0].description = null;
    catalog.meters[0].filters = {};
    delete catalog.plans[0].interval_count;
    expect(await put(catalog)).toEqual([]);
  });

  test("other terms are a new version, also of plans that extend it; a name is changed in place", async () => {
    const catalog = sampleCatalog();
    catalog.plans[0].name = "Professional";
    expect(await put(catalog)).toEqual([{ kind: "plan", key: "pro", action: "update", fields: ["name"], version: 1 }]);
    catalog.plans[0].credits.amount = 6000;
    catalog.plans[0].prices[0].amount = 3900;
    expect(await put(catalog)).toEqual([
      { kind: "plan", key: "pro", action: "update", fields: ["prices", "credits"], version: 2 },
      { kind: "plan", key: "pro_yearly", action: "update", fields: ["credits"], version: 2 },
    ]);
    const { catalog: cache } = world.billing.ctx;
    expect((await cache.plan("pro", 1)).pricesIn("usd")[0]!.amount).toBe(2900n);
    expect((await cache.plan("pro", 2)).pricesIn("usd")[0]!.amount).toBe(3900n);
    expect((await cache.current()).plans.get("pro")!.version).toBe(2);
    await expect(cache.plan("pro", 9)).rejects.toThrow(/version 9/);
  });

  test("what is left out is archived, and comes back as it was", async () => {
    const catalog = sampleCatalog();
    await put(catalog);
    const no = (await world.billing.ctx.catalog.current({ fresh: true })).meters.get("requests")!.no;
    const less = sampleCatalog();
    less.meters.pop();
    less.features = less.features.filter((feature: { key: string }) => feature.key !== "api_calls");
    less.plans = less.plans.slice(0, 2);
    for (const plan of less.plans)
      plan.entitlements = plan.entitlements.filter((entry: { feature: string }) => entry.feature !== "api_calls");
    expect((await put(less)).map(({ key, action }) => `${action} ${key}`)).toEqual([
      "archive requests",
      "archive api_calls",
      "update pro",
      "update pro_yearly",
      "archive free",
    ]);
    expect((await world.get("/v1/plans")).body.items.map((plan: { key: string }) => plan.key)).toEqual(["pro", "pro_yearly"]);
    expect((await world.get("/v1/plans?include_archived=true")).body.items).toHaveLength(3);
    expect((await world.get("/v1/plans/free")).body.archived).toBe(true);
    const snapshot = await world.billing.ctx.catalog.current({ fresh: true });
    expect(snapshot.meters.get("requests")!.archived).toBe(true);
    expect(snapshot.metersByEvent.get("llm_request")!.map((meter) => meter.key)).toEqual(["input_tokens"]);
    await put(catalog);
    expect((await world.billing.ctx.catalog.current({ fresh: true })).meters.get("requests")).toMatchObject({ no, archived: false });
  });

  test("tells what changed as one event", async () => {
    const rows = await onPool(world.billing.ctx.pool).query<{ summary: string }>(
      "select summary from billing_events where type = 'catalog.changed' order by seq desc limit 1",
    );
    expect(rows[0]!.summary).toMatch(/^The catalog changed: \d+ changed/);
  });

  test("two that come at once are applied one after the other", async () => {
    const one = sampleCatalog();
    const other = sampleCatalog();
    one.plans[0].prices[0].amount = 1;
    other.plans[0].prices[0].amount = 2;
    const before = (await world.get("/v1/plans/pro")).body.version;
    await Promise.all([put(one), put(other), put(one), put(other)]);
    const versions = await onPool(world.billing.ctx.pool).query(
      "select version from plan_versions where plan_key = 'pro' and version > $1",
      [before],
    );
    expect((await world.get("/v1/plans/pro")).body.version).toBe(before + versions.length);
    await put(sampleCatalog());
  });
});

describe("one thing", () => {
  test("is created and changed by its own address", async () => {
    const plan = { currency: "usd", extends: "pro", prices: [{ key: "base", type: "flat", amount: 100 }] };
    const made = await world.put("/v1/plans/team", plan);
    expect([made.status, made.body.version, made.body.entitlements.length]).toEqual([201, 1, 4]);
    expect((await world.put("/v1/plans/team", plan)).status).toBe(200);
    expect((await world.put("/v1/plans/team", { ...plan, interval: "week" })).body).toMatchObject({ version: 2, interval: "week" });
    expect((await world.put("/v1/meters/peak", { event: "load", aggregation: "max", property: "value" })).status).toBe(201);
    expect((await world.put("/v1/features/sso", { key: "sso", type: "boolean" })).status).toBe(201);
    expect((await world.put("/v1/credit-events/call", { cost: "0.5" })).status).toBe(201);
    expect((await world.put("/v1/credit-products/small", { credits: 10, amount: 100, currency: "jpy" })).status).toBe(201);
    expect((await world.get("/v1/meters/peak")).body).toMatchObject({ key: "peak", aggregation: "max", archived: false });
  });

  test("names its faults from its own body", async () => {
    const answer = await world.put("/v1/plans/team", {
      currency: "usd",
      prices: [{ key: "x", type: "usage", meter: "nope", unit_amount: 1 }],
    });
    expect(answer.body.errors).toEqual([{ path: "prices[0].meter", message: "names no meter of the catalog: nope" }]);
    expect((await world.put("/v1/plans/team", { key: "other", currency: "usd" })).body.errors[0].path).toBe("key");
    expect((await world.put("/v1/plans/Team!", { currency: "usd" })).body.errors[0].path).toBe("plan");
    expect((await world.put("/v1/features/api_calls", { type: "boolean" })).body.errors[0].path).toBe("plans[0].entitlements[1].limit");
  });

  test("that nobody declared is a 404 of its own code", async () => {
    const codes = await Promise.all(
      ["plans/x", "meters/x", "features/x", "credit-events/x"].map(async (path) => (await world.get(`/v1/${path}`)).body.code),
    );
    expect(codes).toEqual(["plan_not_found", "meter_not_found", "feature_not_found", "not_found"]);
  });

  test("is listed in the order of the catalog, page by page, plans of a group together", async () => {
    const first = (await world.get("/v1/plans?limit=2")).body;
    expect(first.items.map((plan: { key: string }) => plan.key)).toEqual(["pro", "pro_yearly"]);
    const second = (await world.get(`/v1/plans?limit=2&cursor=${first.next_cursor}`)).body;
    expect(second).toMatchObject({ items: [{ key: "free" }, { key: "team" }], next_cursor: null });
    expect((await world.get("/v1/meters?cursor=nonsense")).body.errors[0].path).toBe("cursor");
  });
});

describe("a meter in use", () => {
  test("keeps what it measures; its name may change", async () => {
    const catalog = sampleCatalog();
    await put(catalog);
    const { meters } = await world.billing.ctx.catalog.current({ fresh: true });
    await markMetersUsed(onPool(world.billing.ctx.pool), [meters.get("input_tokens")!.no], world.billing.ctx.clock.now());
    expect((await world.billing.ctx.catalog.current({ fresh: true })).meters.get("input_tokens")!.used).toBe(true);

    Object.assign(catalog.meters[0], { aggregation: "max", event: "other", group_by: ["model"] });
    expect(await faults(catalog)).toEqual(["meters[0].event", "meters[0].aggregation", "meters[0].group_by"]);
    const alone = await world.put("/v1/meters/input_tokens", { event: "llm_request", aggregation: "max", property: "input_tokens" });
    expect(alone.body.errors).toEqual([{ path: "aggregation", message: expect.stringMatching(/in use.*new meter/) }]);
    const named = sampleCatalog();
    named.meters[0].name = "Input tokens";
    named.meters[1].aggregation = "sum";
    expect((await put(named)).map(({ key, fields }) => [key, fields])).toEqual([
      ["input_tokens", ["name"]],
      ["requests", ["aggregation"]],
    ]);
  });

  test("a sale puts it in use before its first event", async () => {
    await put(sampleCatalog());
    const plan = { currency: "usd", prices: [{ key: "calls", type: "usage", meter: "requests", unit_amount: 1 }] };
    await world.must("PUT", "/v1/plans/metered", plan);
    await world.must("PUT", "/v1/tenants/buyer", { currency: "usd" });
    await world.must("POST", "/v1/tenants/buyer/subscription", { plan: "metered" });
    const changed = await world.put("/v1/meters/requests", { event: "llm_request", aggregation: "max" });
    expect(changed.body.errors.map((fault: { path: string }) => fault.path)).toContain("aggregation");
  });
});

describe("what is wrong", () => {
  // What is done to the sample, and where the fault is named.
  const cases: [string, (catalog: ReturnType<typeof sampleCatalog>) => void, string[]][] = [
    ["an unknown field", (c) => (c.plans[0].prices[0].colour = "red"), ["plans[0].prices[0].colour"]],
    ["an unknown section", (c) => (c.coupon = []), ["coupon"]],
    ["a wrong type", (c) => (c.plans[0].interval_count = "1"), ["plans[0].interval_count"]],
    ["a missing field", (c) => delete c.meters[0].aggregation, ["meters[0].aggregation"]],
    ["a key of capitals", (c) => (c.features[0].key = "Chat"), ["features[0].key"]],
    ["a negative amount", (c) => (c.plans[0].prices[0].amount = -1), ["plans[0].prices[0].amount"]],
    ["an amount of 40 digits", (c) => (c.plans[0].prices[0].amount = "9".repeat(40)), ["plans[0].prices[0].amount"]],
    ["half a cent as an amount", (c) => (c.plans[0].prices[0].amount = 0.5), ["plans[0].prices[0].amount"]],
    ["NaN", (c) => (c.plans[0].prices[1].unit_amount = "NaN"), ["plans[0].prices[1].unit_amount"]],
    ["no such currency", (c) => (c.plans[0].currency = "xyz"), ["plans[0].currency"]],
    [
      "tiers that overlap",
      (c) =>
        (c.plans[0].prices[2].tiers = [
          { up_to: 10, unit_amount: 1 },
          { up_to: 5, unit_amount: 1 },
          { up_to: null, unit_amount: 1 },
        ]),
      ["plans[0].prices[2].tiers[1].up_to"],
    ],
    ["tiers that do not end", (c) => (c.plans[0].prices[2].tiers[1].up_to = 2000000), ["plans[0].prices[2].tiers[1].up_to"]],
    ["no tiers", (c) => (c.plans[0].prices[2].tiers = []), ["plans[0].prices[2].tiers"]],
    ["a key twice", (c) => c.plans.push({ key: "pro", currency: "usd" }), ["plans[3].key"]],
    ["a price twice", (c) => c.plans[1].prices.push(c.plans[1].prices[0]), ["plans[1].prices[1].key"]],
    ["a meter that is not there", (c) => (c.plans[0].prices[2].meter = "nope"), ["plans[0].prices[2].meter"]],
    ["a used meter left out", (c) => c.meters.shift(), ["plans[0].prices[2].meter"]],
    ["a feature without its meter", (c) => delete c.features[1].meter, ["features[1].meter"]],
    ["unique_count of nothing", (c) => (c.meters[1].aggregation = "unique_count"), ["meters[1].property"]],
    ["a count that recurs", (c) => (c.meters[1].recurring = true), ["meters[1].recurring"]],
    ["a filter that nothing passes", (c) => (c.meters[0].filters = { model: [] }), ["meters[0].filters.model"]],
    ["an entitlement to nothing", (c) => (c.plans[2].entitlements[0].feature = "nope"), ["plans[2].entitlements[0].feature"]],
    ["a limit on a switch", (c) => (c.plans[0].entitlements[0].limit = 5), ["plans[0].entitlements[0].limit"]],
    ["a limit without a number", (c) => delete c.plans[0].entitlements[1].limit, ["plans[0].entitlements[1].limit"]],
    ["a limit below zero", (c) => (c.plans[0].entitlements[1].limit = -5), ["plans[0].entitlements[1].limit"]],
    ["two limits in one window", (c) => (c.plans[0].entitlements[2].window = "month"), ["plans[0].entitlements[2].feature"]],
    ["an unknown window", (c) => (c.plans[0].entitlements[1].window = "decade"), ["plans[0].entitlements[1].window"]],
    ["two default plans", (c) => (c.plans[0].default = true), ["plans[2].default"]],
    ["plans that extend each other", (c) => (c.plans[0].extends = "pro_yearly"), ["plans[0].extends", "plans[1].extends"]],
    ["a base that is not there", (c) => (c.plans[1].extends = "nope"), ["plans[1].extends"]],
    ["amounts without a currency", (c) => delete c.plans[0].currency, ["plans[0].currency"]],
    ["a currency that forgets a price", (c) => delete c.plans[0].currencies.inr.prices.seats, ["plans[0].currencies.inr.prices.seats"]],
    ["a currency with a price of its own", (c) => (c.plans[0].currencies.inr.prices.other = 5), ["plans[0].currencies.inr.prices.other"]],
    ["its own currency again", (c) => (c.plans[0].currencies.usd = c.plans[0].currencies.inr), ["plans[0].currencies.usd"]],
    [
      "a processor's price of no price",
      (c) => (c.plans[0].processor_prices.stripe.nope = "price_1"),
      ["plans[0].processor_prices.stripe.nope"],
    ],
    ["a credit event below zero", (c) => (c.credit_events[0].cost = -1), ["credit_events[0].cost"]],
    ["an override for no plan", (c) => (c.credit_events[0].plans = { nope: { cost: 1 } }), ["credit_events[0].plans.nope"]],
    ["a pack of nothing", (c) => (c.credit_products[0].credits = 0), ["credit_products[0].credits"]],
  ];

  test.each(cases)("%s", async (_name, spoil, paths) => {
    const catalog = sampleCatalog();
    spoil(catalog);
    const before = (await world.billing.ctx.catalog.current({ fresh: true })).revision;
    expect(await faults(catalog)).toEqual(paths);
    expect((await world.billing.ctx.catalog.current({ fresh: true })).revision).toBe(before);
  });

  test.each([
    ["malformed JSON", "{"],
    ["a number beyond numbers", JSON.stringify(sampleCatalog()).replace("2900", "1e400")],
    ["a NUL", JSON.stringify({ plans: [{ key: "a", currency: "usd", name: "a\0b" }] })],
    ["no object", "[]"],
  ])("%s", async (_name, text) => {
    const answer = await world.put("/v1/catalog", text);
    expect([answer.status, answer.body.code]).toEqual([422, "invalid_request"]);
    expect(answer.headers["content-type"]).toMatch(/problem\+json/);
    expect(answer.body.errors.length).toBeGreaterThan(0);
  });

  test("a body of 20 MiB", async () => {
    expect((await world.put("/v1/catalog", `{"plans":"${"x".repeat(20 * 1024 * 1024)}"}`)).status).toBe(413);
  });
});

describe("who may", () => {
  test("a key without the scope reads; a key of one tenant changes nothing for all", async () => {
    await world.must("PUT", "/v1/tenants/own", {});
    const reader = await world.must("POST", "/v1/api-keys", { name: "reader", scopes: ["billing.read"] });
    const confined = await world.must("POST", "/v1/api-keys", { name: "confined", scopes: ["admin"], tenant_id: "own" });
    const by = (secret: string) => ({ authorization: `Bearer ${secret}` });
    expect((await world.call("GET", "/v1/catalog", undefined, by(reader.secret))).status).toBe(200);
    expect((await world.put("/v1/catalog", sampleCatalog(), by(reader.secret))).status).toBe(403);
    expect((await world.put("/v1/catalog", sampleCatalog(), by(confined.secret))).status).toBe(403);
    expect((await world.put("/v1/plans/pro", { currency: "usd" }, by(confined.secret))).status).toBe(403);
    expect((await world.call("GET", "/v1/plans", undefined, { authorization: "" })).status).toBe(401);
  });
});
