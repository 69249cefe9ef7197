/** Check and record in one step: what is recorded, what is refused, and what the same key answers. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorld, type World } from "./world.ts";

let world: World;

const CATALOG = {
  meters: [
    { key: "calls", event: "call", aggregation: "count" },
    { key: "tokens", event: "llm", aggregation: "sum", property: "n" },
    { key: "gpt", event: "chat", aggregation: "sum", property: "n", filters: { model: ["gpt"] } },
    { key: "either", event: "either", aggregation: "count", filters: { model: ["a", "b"] } },
    { key: "people", event: "login", aggregation: "unique_count", property: "user" },
    { key: "peak", event: "load", aggregation: "max", property: "n" },
    { key: "amounts", event: "order", aggregation: "sum" },
    { key: "rounded", event: "disk", aggregation: "sum", property: "gb", rounding: { mode: "ceil", precision: 0 } },
  ],
  features: [
    { key: "chat", type: "boolean" },
    { key: "api", type: "metered", meter: "calls" },
    { key: "llm", type: "metered", meter: "tokens" },
    { key: "llm_team", type: "metered", meter: "tokens" },
    { key: "gpt", type: "metered", meter: "gpt" },
    { key: "either", type: "metered", meter: "either" },
    { key: "users", type: "metered", meter: "people" },
    { key: "load", type: "metered", meter: "peak" },
    { key: "orders", type: "metered", meter: "amounts" },
    { key: "disk", type: "metered", meter: "rounded" },
    { key: "nothing", type: "metered", meter: "calls" },
    { key: "not_here", type: "metered", meter: "calls" },
    { key: "endless", type: "metered", meter: "tokens" },
  ],
  plans: [
    {
      key: "pro",
      default: true,
      prices: [],
      entitlements: [
        { feature: "chat", enabled: true },
        { feature: "api", limit: 3, window: "day", enforcement: "hard" },
        { feature: "llm", limit: 100, window: "month", enforcement: "soft" },
        { feature: "llm_team", limit: 50, window: "hour", enforcement: "hard" },
        { feature: "llm_team", limit: 70, window: "day", enforcement: "hard" },
        { feature: "gpt", limit: "0.3", window: "day", enforcement: "hard" },
        { feature: "either", limit: 5, window: "lifetime", enforcement: "hard" },
        { feature: "users", limit: 2, window: "month", enforcement: "hard" },
        { feature: "load", limit: 10, window: "day", enforcement: "hard" },
        { feature: "orders", limit: 10, window: "day", enforcement: "hard" },
        { feature: "disk", limit: 3, window: "day", enforcement: "hard" },
        { feature: "nothing", limit: 0, window: "day", enforcement: "hard" },
        { feature: "endless", limit: null, window: "day" },
      ],
    },
  ],
};

beforeAll(async () => {
  world = await createWorld();
  await world.must("PUT", "/v1/catalog", CATALOG);
});
afterAll(() => world.close());

let made = 0;
async function tenant() {
  const { id: test_clock } = await world.clock("2026-03-10T12:15:00Z");
  const id = `t${++made}`;
  await world.must("PUT", `/v1/tenants/${id}`, { test_clock });
  const url = `/v1/tenants/${id}`;
  return {
    id,
    url,
    clock: test_clock,
    consume: (feature: string, body?: object, headers?: Record<string, string>) =>
      world.post(`${url}/entitlements/${feature}/consume`, body, headers),
    check: async (feature: string, quantity?: number | string) =>
      (await world.must("GET", `${url}/entitlements/${feature}${quantity === undefined ? "" : `?quantity=${quantity}`}`)) as Record<
        string,
        unknown
      >,
    events: async () => (await world.must("GET", `${url}/usage/events`)).items as Record<string, unknown>[],
    usage: async (meter: string) =>
      (await world.must("GET", `${url}/usage?meter=${meter}&from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z`)).items[0].value as number,
  };
}

test("a hard limit is met exactly; beyond it nothing is recorded, and it is said when to come again", async () => {
  const t = await tenant();
  for (const used of [1, 2, 3]) {
    const answer = await t.consume("api");
    expect([answer.status, answer.body]).toMatchObject([
      200,
      { has_access: true, reason: "granted", used, remaining: 3 - used, limit: 3, status: "accepted", quantity: 1 },
    ]);
  }
  const refused = await t.consume("api");
  expect([refused.status, refused.body]).toMatchObject([
    429,
    {
      code: "quota_exceeded",
      feature: "api",
      reason: "limit_reached",
      limit: 3,
      used: 3,
      remaining: 0,
      window: "day",
      resets_at: "2026-03-11T00:00:00Z",
    },
  ]);
  // 12:15 to midnight.
  expect(refused.headers["retry-after"]).toBe(String(11.75 * 3_600));
  expect(await t.events()).toHaveLength(3);
  expect(await t.usage("calls")).toBe(3);
  expect(await t.check("api")).toMatchObject({ has_access: false, reason: "limit_reached", used: 3, remaining: 0 });
  await world.must("POST", `/v1/test-clocks/${t.clock}/advance`, { to: "2026-03-11T00:00:00Z" });
  expect((await t.consume("api")).body).toMatchObject({ used: 1, resets_at: "2026-03-12T00:00:00Z" });
});

test("a quantity is let pass whole or not at all; of a count it is so many events", async () => {
  const t = await tenant();
  expect((await t.consume("api", { quantity: 4 })).body).toMatchObject({ code: "quota_exceeded", used: 0 });
  expect((await t.consume("api", { quantity: 3 })).body).toMatchObject({ used: 3 });
  expect(await t.events()).toHaveLength(3);
});

test("a soft limit records more, and says so", async () => {
  const t = await tenant();
  expect((await t.consume("llm", { quantity: 100 })).body).toMatchObject({ used: 100, remaining: 0, reason: "granted" });
  const more = await t.consume("llm", { quantity: 50 });
  expect([more.status, more.body]).toMatchObject([
    200,
    { has_access: true, reason: "limit_reached", used: 150, remaining: 0, enforcement: "soft" },
  ]);
  expect(await t.check("llm")).toMatchObject({ has_access: true, reason: "limit_reached", used: 150 });
});

test("of several limits the tightest answers, and all are told", async () => {
  const t = await tenant();
  expect((await t.consume("llm_team", { quantity: 45 })).body).toMatchObject({ window: "hour", remaining: 5 });
  expect(await t.check("llm_team", 6)).toMatchObject({ has_access: false, window: "hour", resets_at: "2026-03-10T13:00:00Z" });
  await world.must("POST", `/v1/test-clocks/${t.clock}/advance`, { to: "2026-03-10T13:00:00Z" });
  const check = await t.check("llm_team");
  expect(check).toMatchObject({ has_access: true, window: "day", limit: 70, used: 45, remaining: 25 });
  expect(check.limits).toMatchObject([
    { window: "hour", used: 0 },
    { window: "day", used: 45 },
  ]);
  // Both would refuse: the one that lasts longer says when to come again.
  expect((await t.consume("llm_team", { quantity: 60 })).body).toMatchObject({ code: "quota_exceeded", window: "day" });
  // What is used by one feature counts for the others of its meter.
  expect(await t.check("llm")).toMatchObject({ used: 45 });
});

test("a limit of zero lets nothing pass; one of null everything, and counts it", async () => {
  const t = await tenant();
  expect((await t.consume("nothing")).body).toMatchObject({ code: "quota_exceeded", limit: 0, used: 0 });
  expect(await t.check("endless")).toMatchObject({ has_access: true, limit: null, used: 0, remaining: null, enforcement: null });
  expect((await t.consume("endless", { quantity: "1000000000000.5" })).body).toMatchObject({
    has_access: true,
    limit: null,
    used: 1000000000000.5,
  });
});

test("quantities are exact", async () => {
  const t = await tenant();
  for (let i = 0; i < 3; i++) expect((await t.consume("gpt", { quantity: 0.1 })).status).toBe(200);
  expect(await t.check("gpt")).toMatchObject({ used: 0.3, remaining: 0 });
  expect((await t.consume("gpt", { quantity: "0.000000000001" })).status).toBe(429);
});

describe("a key", () => {
  test("answers the same for ever, also when the limit is reached since", async () => {
    const t = await tenant();
    const first = await t.consume("api", { quantity: 2, idempotency_key: "k1" });
    await t.consume("api");
    const again = await t.consume("api", { quantity: 2, idempotency_key: "k1" });
    expect([again.status, again.text, again.headers["idempotent-replayed"]]).toEqual([200, first.text, "true"]);
    const other = await t.consume("api", { quantity: 1, idempotency_key: "k1" });
    expect(other.body).toEqual({ ...first.body, conflict: true });
    expect(await t.usage("calls")).toBe(3);
  });

  test("that was refused may be tried again", async () => {
    const t = await tenant();
    await t.consume("api", { quantity: 3 });
    expect((await t.consume("api", { idempotency_key: "later" })).status).toBe(429);
    await world.must("POST", `/v1/test-clocks/${t.clock}/advance`, { to: "2026-03-11T00:00:00Z" });
    expect((await t.consume("api", { idempotency_key: "later" })).status).toBe(200);
  });

  test("that was used for plain usage of the event is a duplicate, and counts once", async () => {
    const t = await tenant();
    await world.must("POST", "/v1/usage", { tenant_id: t.id, event: "call", idempotency_key: "same" });
    expect((await t.consume("api", { idempotency_key: "same" })).body).toMatchObject({ status: "duplicate", used: 1 });
    await t.consume("api", { idempotency_key: "mine" });
    expect(await world.must("POST", "/v1/usage", { tenant_id: t.id, event: "call", idempotency_key: "mine" })).toMatchObject({
      status: "duplicate",
    });
    expect(await t.usage("calls")).toBe(2);
  });

  test("may come by the header", async () => {
    const t = await tenant();
    const first = await t.consume("api", {}, { "idempotency-key": "h1" });
    const again = await t.consume("api", {}, { "idempotency-key": "h1" });
    expect([again.text, await t.usage("calls")]).toEqual([first.text, 1]);
  });

  test("that comes twice at the same moment is one", async () => {
    const t = await tenant();
    const answers = await Promise.all(Array.from({ length: 8 }, () => t.consume("api", { idempotency_key: "race" })));
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    expect(await t.usage("calls")).toBe(1);
  });
});

test("what is recorded is an event of the meter, with the properties that were sent", async () => {
  const t = await tenant();
  const { body } = await t.consume("llm", { quantity: 12, idempotency_key: "e1", properties: { model: "gpt", region: "eu" } });
  const [event] = await t.events();
  expect(event).toMatchObject({
    id: body.id,
    event: "llm",
    idempotency_key: "e1",
    amount: 1,
    properties: { n: 12, model: "gpt", region: "eu" },
  });
  await t.consume("orders", { quantity: 4 });
  expect((await t.events())[0]).toMatchObject({ event: "order", amount: 4, properties: {} });
  // A filter that lets one value pass says what it is.
  await t.consume("gpt", { quantity: 0.1 });
  expect((await t.events())[0]).toMatchObject({ event: "chat", properties: { model: "gpt", n: 0.1 } });
});

test("limits of meters that do not just add up are as exact", async () => {
  const t = await tenant();
  const login = (user: string) => t.consume("users", { properties: { user } });
  expect((await login("a")).body).toMatchObject({ used: 1 });
  expect((await login("b")).body).toMatchObject({ used: 2 });
  // Who is counted already takes nothing.
  expect((await login("a")).body).toMatchObject({ has_access: true, used: 2 });
  expect((await login("c")).body).toMatchObject({ code: "quota_exceeded", used: 2 });
  expect((await t.consume("load", { quantity: 10 })).body).toMatchObject({ used: 10 });
  expect((await t.consume("load", { quantity: 4 })).body).toMatchObject({ used: 10 });
  expect((await t.consume("load", { quantity: 11 })).status).toBe(429);
  // 2.2 is 3 when it is rounded up, and so is 2.9.
  expect((await t.consume("disk", { quantity: 2.2 })).body).toMatchObject({ used: 3 });
  expect((await t.consume("disk", { quantity: 0.7 })).body).toMatchObject({ used: 3 });
  expect((await t.consume("disk", { quantity: 0.2 })).status).toBe(429);
  expect(await t.usage("rounded")).toBe(3);
});

describe("bad input is refused by its field, and nothing is recorded:", () => {
  test.each([
    ["a quantity below zero", "api", { quantity: -1 }, 422, "quantity"],
    ["a text that is no number", "api", { quantity: "many" }, 422, "quantity"],
    ["a part of an event", "api", { quantity: 1.5 }, 422, "quantity"],
    ["no event at all", "api", { quantity: 0 }, 422, "quantity"],
    ["more events than one request may make", "api", { quantity: 1001 }, 422, "quantity"],
    ["several of what is told apart", "users", { quantity: 2, properties: { user: "a" } }, 422, "quantity"],
    ["what the meter tells apart is missing", "users", {}, 422, "properties.user"],
    ["the quantity in two places", "llm", { quantity: 2, properties: { n: 3 } }, 422, "properties.n"],
    ["a value that the meter passes by", "gpt", { quantity: 0.1, properties: { model: "other" } }, 422, "properties.model"],
    ["no value where two may pass", "either", {}, 422, "properties.model"],
    ["an unknown field", "api", { qty: 1 }, 422, "qty"],
    ["an empty key", "api", { idempotency_key: "" }, 422, "idempotency_key"],
    ["a feature that is on or off", "chat", {}, 422, "feature"],
  ])("%s", async (_name, feature, body, status, path) => {
    const t = await tenant();
    const answer = await t.consume(feature as string, body as object);
    expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([status, path]);
    expect(await t.events()).toEqual([]);
  });

  test("an unknown feature, an unknown tenant, and a feature that the plan has not", async () => {
    const t = await tenant();
    expect((await t.consume("apii")).body).toMatchObject({ status: 404, code: "feature_not_found" });
    expect((await world.post("/v1/tenants/nobody/entitlements/api/consume")).body).toMatchObject({ status: 404, code: "tenant_not_found" });
    expect((await t.consume("not_here")).body).toMatchObject({ status: 403, code: "forbidden", reason: "not_in_plan", has_access: false });
    expect((await world.get(`${t.url}/entitlements/apii`)).body).toMatchObject({ status: 404, code: "feature_not_found" });
    expect((await world.get(`${t.url}/entitlements/api?quantity=-1`)).status).toBe(422);
    expect((await world.get(`${t.url}/entitlements/api?qantity=1`)).status).toBe(422);
  });
});

test("lesson 20: check and consume never disagree, whatever was used before", async () => {
  const t = await tenant();
  for (const quantity of [30, 19, 2, 1, 0.5, 0.5, 25]) {
    const check = await t.check("llm_team", quantity);
    const { status } = await t.consume("llm_team", { quantity });
    expect([quantity, status === 200]).toEqual([quantity, check.has_access]);
  }
  const check = await t.check("llm_team");
  expect(await t.usage("tokens")).toBe(check.used);
});

test("whether the limit on a meter is used up", async () => {
  const t = await tenant();
  const exceeded = () => world.must("GET", `${t.url}/usage/calls/exceeded`);
  // `nothing` has a limit of zero on the same meter, which is the tightest.
  expect(await exceeded()).toMatchObject({ meter: "calls", feature: "nothing", limit: 0, used: 0, exceeded: true });
  const tokens = () => world.must("GET", `${t.url}/usage/tokens/exceeded`);
  expect(await tokens()).toMatchObject({ meter: "tokens", feature: "llm_team", limit: 50, used: 0, exceeded: false });
  await t.consume("llm_team", { quantity: 50 });
  expect(await tokens()).toMatchObject({ limit: 50, used: 50, remaining: 0, exceeded: true });
  expect((await world.get(`${t.url}/usage/callz/exceeded`)).body.code).toBe("meter_not_found");
});
