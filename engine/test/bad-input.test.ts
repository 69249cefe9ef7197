/** What people and attackers send by mistake and on purpose: a problem that names the field, and nothing stored. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onPool } from "../src/db/pool.ts";
import { createWorld, type World } from "./world.ts";

const event = (over: object = {}) => ({ tenant_id: "acme", event: "call", idempotency_key: "k", ...over });
const price = (over: object = {}) => ({ key: "base", type: "flat", amount: 100, ...over });
const plan = (...prices: object[]) => ({ meters: [METER], plans: [{ key: "p", name: "P", currency: "usd", interval: "month", prices }] });
const tiered = (tiers: object[]) => plan(price(), { key: "u", type: "usage", meter: "calls", model: "graduated", tiers });
const METER = { key: "calls", event: "call", aggregation: "sum", property: "n" };
const CATALOG = plan(price());

describe("bad input", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", CATALOG);
    await world.must("PUT", "/v1/tenants/acme", { name: "Acme" });
    await world.must("POST", "/v1/usage", event({ idempotency_key: "first", properties: { n: 1 } }));
  });
  afterAll(() => world.close());

  const books = async () => {
    const [row] = await onPool(world.billing.ctx.pool).query(
      `select (select count(*) from usage_events)::int as events, (select count(*) from tenants)::int as tenants, (select count(*) from subscriptions)::int
       as subscriptions, (select count(*) from plan_versions)::int as versions, (select revision from catalog_state)::int as revision,
       (select count(*) from invoices)::int as invoices, (select count(*) from billing_events)::int as happenings /* all tenants: a test */`,
    );
    return row;
  };

  const cases: [string, string, string, unknown, number, string?][] = [
    ["malformed JSON", "POST", "/v1/usage", '{"tenant_id": "acme", ', 422, ""],
    ["an empty body", "POST", "/v1/usage", "", 422],
    ["an unknown field", "POST", "/v1/usage", event({ properties: { n: 1 }, colour: "red" }), 422, "colour"],
    ["a wrong type", "POST", "/v1/usage", event({ properties: "n=1" }), 422, "properties"],
    [
      "a number that is none: 1e400",
      "POST",
      "/v1/usage",
      '{"tenant_id":"acme","event":"call","amount":1e400,"properties":{"n":1}}',
      422,
      "amount",
    ],
    ["1e400 in a property", "POST", "/v1/usage", '{"tenant_id":"acme","event":"call","properties":{"n":1e400}}', 422, "properties.n"],
    ["the text NaN", "POST", "/v1/usage", event({ properties: { n: "NaN" } }), 422, "properties.n"],
    ["a missing property", "POST", "/v1/usage", event({ properties: {} }), 422, "properties.n"],
    ["a negative amount", "POST", "/v1/usage", event({ amount: -1, properties: { n: 1 } }), 422, "amount"],
    [
      "an amount of 40 digits",
      "POST",
      "/v1/usage",
      `{"tenant_id":"acme","event":"call","amount":${"9".repeat(40)},"properties":{"n":1}}`,
      422,
      "amount",
    ],
    ["the same as text", "POST", "/v1/usage", event({ amount: "9".repeat(40), properties: { n: 1 } }), 422, "amount"],
    ["an instant in 1970", "POST", "/v1/usage", event({ at: "1970-01-01T00:00:00Z", properties: { n: 1 } }), 422, "at"],
    ["an instant in 2100", "POST", "/v1/usage", event({ at: "2100-01-01T00:00:00Z", properties: { n: 1 } }), 422, "at"],
    ["an instant that is none", "POST", "/v1/usage", event({ at: "2026-02-30T00:00:00Z", properties: { n: 1 } }), 422, "at"],
    ["an unknown tenant", "POST", "/v1/usage", event({ tenant_id: "nobody", properties: { n: 1 } }), 404, "tenant_id"],
    ["a tenant id with ../", "POST", "/v1/usage", event({ tenant_id: "../acme", properties: { n: 1 } }), 404, "tenant_id"],
    ["a NUL in a text", "POST", "/v1/usage", event({ properties: { n: 1, note: "a\0b" } }), 422, "properties.note"],
    [
      "half a surrogate pair",
      "POST",
      "/v1/usage",
      '{"tenant_id":"acme","event":"call","properties":{"n":1,"note":"\\ud800"}}',
      422,
      "properties.note",
    ],
    [
      "deep nesting",
      "POST",
      "/v1/usage",
      `{"tenant_id":"acme","event":"call","properties":{"n":${"[".repeat(5_000)}${"]".repeat(5_000)}}}`,
      422,
    ],
    [
      "__proto__",
      "POST",
      "/v1/usage",
      '{"tenant_id":"acme","event":"call","properties":{"n":1,"__proto__":{"x":1}}}',
      422,
      "properties.__proto__",
    ],
    [
      "10,001 events",
      "POST",
      "/v1/usage",
      Array.from({ length: 10_001 }, (_, i) => event({ idempotency_key: `${i}`, properties: { n: 1 } })),
      422,
    ],
    [
      "one bad event among good ones",
      "POST",
      "/v1/usage",
      [event({ properties: { n: 1 } }), event({ idempotency_key: "x", properties: {} })],
      422,
      "[1].properties.n",
    ],
    ["a body of 20 MiB", "POST", "/v1/usage", JSON.stringify(event({ properties: { n: 1, x: "x".repeat(20 << 20) } })), 413, ""],
    ["a tenant id with ../ in the path", "PUT", "/v1/tenants/..%2Facme", { name: "x" }, 404, "tenant_id"],
    ["a NUL in the path", "PUT", "/v1/tenants/a%00b", { name: "x" }, 404, "tenant_id"],
    ["a tenant id of 129 characters", "PUT", `/v1/tenants/${"x".repeat(129)}`, { name: "x" }, 404, "tenant_id"],
    ["a time zone that is none", "PUT", "/v1/tenants/acme", { time_zone: "Mars/Olympus" }, 422, "time_zone"],
    ["a currency that is none", "PUT", "/v1/tenants/acme", { currency: "xxx" }, 422, "currency"],
    [
      "tiers that overlap",
      "PUT",
      "/v1/catalog",
      tiered([
        { up_to: 10, unit_amount: "1" },
        { up_to: 5, unit_amount: "1" },
        { up_to: null, unit_amount: "1" },
      ]),
      422,
      "plans[0].prices[1].tiers[1].up_to",
    ],
    ["tiers that do not end", "PUT", "/v1/catalog", tiered([{ up_to: 10, unit_amount: "1" }]), 422, "plans[0].prices[1].tiers[0].up_to"],
    ["a negative price", "PUT", "/v1/catalog", plan(price({ amount: -5 })), 422, "plans[0].prices[0].amount"],
    ["a price in halves of a cent", "PUT", "/v1/catalog", plan(price({ amount: 2.5 })), 422, "plans[0].prices[0].amount"],
    [
      "a meter in use that changes its aggregation",
      "PUT",
      "/v1/catalog",
      { ...CATALOG, meters: [{ ...METER, aggregation: "max" }] },
      422,
      "meters[0].aggregation",
    ],
    [
      "a meter in use that changes its property",
      "PUT",
      "/v1/meters/calls",
      { event: "call", aggregation: "sum", property: "m" },
      422,
      "property",
    ],
    [
      "a price of a meter that is not there",
      "PUT",
      "/v1/catalog",
      plan({ key: "u", type: "usage", meter: "nope", unit_amount: "1" }),
      422,
      "plans[0].prices[0].meter",
    ],
    ["an unknown plan", "POST", "/v1/tenants/acme/subscription", { plan: "nope" }, 404, "plan"],
    ["seats below zero", "POST", "/v1/tenants/acme/subscription", { plan: "p", seats: -1 }, 422, "seats"],
    ["a subscription of nobody", "POST", "/v1/tenants/nobody/subscription", { plan: "p" }, 404, "tenant_id"],
    [
      "a period that is none",
      "POST",
      "/v1/tenants/acme/invoices",
      { period_start: "x", period_end: "2026-01-01T00:00:00Z" },
      422,
      "period_start",
    ],
    [
      "an idempotency key that is too long",
      "POST",
      "/v1/usage",
      event({ idempotency_key: "k".repeat(256), properties: { n: 1 } }),
      422,
      "idempotency_key",
    ],
    ["a cursor that is none", "GET", "/v1/tenants/acme/invoices?cursor=%2Fetc%2Fpasswd", undefined, 422, "cursor"],
    ["a limit of 1,000", "GET", "/v1/tenants?limit=1000", undefined, 422, "limit"],
    ["an unknown query field", "GET", "/v1/tenants?colour=red", undefined, 422, "colour"],
    ["an unknown route", "GET", "/v1/nothing", undefined, 404],
  ];

  it.each(cases)("%s", async (_name, method, url, body, status, path) => {
    const before = await books();
    const answer = await world.call(method as "POST", url, body);
    expect(answer.text).toBeTruthy();
    expect([answer.status, String(answer.headers["content-type"]).split(";")[0]]).toEqual([status, "application/problem+json"]);
    expect(answer.body).toMatchObject({
      status,
      code: expect.any(String),
      title: expect.any(String),
      detail: expect.any(String),
      request_id: expect.any(String),
    });
    if (path !== undefined) expect(answer.body.errors.map((fault: { path: string }) => fault.path)).toContain(path);
    expect(await books()).toEqual(before);
  });

  it.each([
    ...[
      "tenants",
      "invoices",
      "payments",
      "subscriptions",
      "inbound-events",
      "alerts",
      "audit-log",
      "jobs",
      "api-keys",
      "test-clocks",
      "webhook-endpoints",
    ],
    ...[
      "invoices",
      "payments",
      "events",
      "unapplied-payments",
      "usage/events",
      "credits/transactions",
      "credits/purchases",
      "credits/holds",
    ].map((list) => `tenants/acme/${list}`),
  ])("refuses a cursor that somebody made: %s", async (list) => {
    for (const made of [["x"], ["x", "y"], ["9e9", "1"], ["99999999999999999999"], [{}, []]]) {
      const cursor = Buffer.from(JSON.stringify(made)).toString("base64url");
      const answer = await world.get(`/v1/${list}?cursor=${cursor}`);
      // A list by id takes any text as one.
      if (answer.status !== 200) expect([answer.status, answer.body.errors[0].path]).toEqual([422, "cursor"]);
    }
  });

  it.each([
    ["none", undefined, 401],
    ["an unknown one", "Bearer bw_test_nothing", 401],
    ["another scheme", "Basic abc", 401],
  ])("refuses credentials: %s", async (_name, authorization, status) => {
    const answer = await world.billing.app.inject({ method: "GET", url: "/v1/tenants", headers: authorization ? { authorization } : {} });
    expect([answer.statusCode, answer.json().code]).toEqual([status, "unauthenticated"]);
  });

  it("keeps a request id that was given, and makes one otherwise", async () => {
    const given = await world.call("GET", "/v1/nothing", undefined, { "x-request-id": "abc-1" });
    expect([given.headers["x-request-id"], given.body.request_id]).toEqual(["abc-1", "abc-1"]);
    expect((await world.get("/v1/nothing")).headers["x-request-id"]).toMatch(/^req_[0-7][0-9a-z]{25}$/);
  });
});
