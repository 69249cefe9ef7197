/** Tenants and API keys over HTTP. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorld, TEST_KEY, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const paths = (body: { errors: { path: string }[] }) => body.errors.map((fault) => fault.path);

describe("a tenant", () => {
  test("is created, then changed by the fields that are given", async () => {
    const made = await world.put("/v1/tenants/acme:1", {
      name: "Acme",
      email: "a@acme.example",
      currency: "eur",
      time_zone: "Europe/Paris",
      address: { line1: "1 rue X", city: "Paris", postal_code: "75001", country: "FR" },
      tax_id: "FR1",
      metadata: { crm: "7" },
    });
    expect([made.status, made.body.tenant_id, made.body.billing_email]).toEqual([201, "acme:1", null]);
    const changed = await world.put("/v1/tenants/acme:1", { name: "Acme SA", email: null });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({
      name: "Acme SA",
      email: null,
      currency: "eur",
      time_zone: "Europe/Paris",
      metadata: { crm: "7" },
    });
    expect((await world.get("/v1/tenants/acme:1")).body).toEqual(changed.body);
    expect((await world.put("/v1/tenants/acme:1", {})).body.updated_at).toBe(changed.body.updated_at);
  });

  test("of defaults has UTC and nothing else", async () => {
    const { body } = await world.put("/v1/tenants/plain", {});
    expect(body).toMatchObject({ time_zone: "UTC", currency: null, address: null, test_clock: null, metadata: {} });
  });

  test("made twice at once is made once", async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => world.put("/v1/tenants/race", { name: "R" })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 200, 200, 200, 201]);
  });

  test("made again under the same idempotency key answers the same", async () => {
    const headers = { "idempotency-key": "make-it" };
    const first = await world.put("/v1/tenants/keyed", { name: "K" }, headers);
    const again = await world.put("/v1/tenants/keyed", { name: "K" }, headers);
    expect([again.status, again.text, again.headers["idempotent-replayed"]]).toEqual([201, first.text, "true"]);
    expect((await world.put("/v1/tenants/keyed", { name: "L" }, headers)).body.code).toBe("idempotency_key_reused");
  });

  test.each([
    ["an unknown field", { colour: "red" }, ["colour"]],
    ["a wrong type", { name: 5, metadata: { a: 1 } }, ["name", "metadata.a"]],
    ["no mail address", { email: "acme", billing_email: "a@b" }, ["email", "billing_email"]],
    ["no currency", { currency: "EUR" }, ["currency"]],
    ["no country", { address: { country: "France" } }, ["address.country"]],
    ["an unknown part of an address", { address: { planet: "Earth" } }, ["address.planet"]],
    ["no time zone", { time_zone: "Mars/Olympus" }, ["time_zone"]],
    ["an offset for a time zone", { time_zone: "+05:30" }, ["time_zone"]],
    ["no such test clock", { test_clock: "clock_nope" }, ["test_clock"]],
    ["a NUL in its name", { name: "a\0b" }, ["name"]],
  ])("is refused with %s", async (_name, body, faulty) => {
    const answer = await world.put("/v1/tenants/wrong", body);
    expect([answer.status, answer.body.code, paths(answer.body)]).toEqual([422, "invalid_request", faulty]);
    expect((await world.get("/v1/tenants/wrong")).body.code).toBe("tenant_not_found");
  });

  test.each(["..%2Fetc", "a%00b", "a%20b", "%C3%A9", "x".repeat(129), "nobody", "%27%20or%201=1"])("%s is unknown", async (id) => {
    for (const method of ["GET", "PUT", "DELETE"] as const) {
      if (method === "PUT" && id === "nobody") continue;
      const answer = await world.call(method, `/v1/tenants/${id}`, method === "PUT" ? {} : undefined);
      expect([answer.status, answer.body.code]).toEqual([404, "tenant_not_found"]);
    }
  });

  test("keeps currency and clock once it has been subscribed", async () => {
    await world.must("PUT", "/v1/plans/fixed", { currency: "usd", prices: [{ key: "base", type: "flat", amount: 100 }] });
    const clock = await world.clock("2024-01-01T00:00:00Z");
    const other = await world.clock("2024-02-01T00:00:00Z");
    await world.must("PUT", "/v1/tenants/clocked", { currency: "usd", test_clock: clock.id });
    expect((await world.put("/v1/tenants/clocked", { test_clock: other.id })).status).toBe(200);
    await world.must("POST", "/v1/tenants/clocked/subscription", { plan: "fixed" });
    for (const change of [{ test_clock: clock.id }, { test_clock: null }, { currency: "eur" }]) {
      const answer = await world.put("/v1/tenants/clocked", change);
      expect([answer.status, answer.body.code, paths(answer.body)]).toEqual([409, "invalid_state", Object.keys(change)]);
    }
    expect((await world.put("/v1/tenants/clocked", { test_clock: other.id, currency: "usd", name: "C" })).status).toBe(200);
  });

  test("is erased: what is personal goes, the row stays", async () => {
    await world.must("PUT", "/v1/tenants/gone", { name: "G", email: "g@g.example", currency: "usd", tax_id: "1", metadata: { a: "b" } });
    const erased = await world.call("DELETE", "/v1/tenants/gone");
    expect(erased.status).toBe(200);
    expect(erased.body).toMatchObject({ tenant_id: "gone", name: null, email: null, tax_id: null, metadata: {}, currency: "usd" });
    expect(erased.body.erased_at).not.toBeNull();
    expect((await world.call("DELETE", "/v1/tenants/gone")).body.erased_at).toBe(erased.body.erased_at);
    const events = await world.billing.ctx.pool.query("select * from billing_events where tenant_id = 'gone' order by seq");
    expect(events.rows.map((row) => row.type)).toEqual(["tenant.created", "tenant.erased"]);
    expect(JSON.stringify(events.rows.map((row) => [row.summary, row.data]))).not.toMatch(/g@g/);
  });

  test("is listed, newest first, page by page", async () => {
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const { body }: { body: { items: { tenant_id: string }[]; next_cursor: string | null } } = await world.get(
        `/v1/tenants?limit=3&cursor=${cursor}`,
      );
      expect(body.items.length).toBeLessThanOrEqual(3);
      seen.push(...body.items.map((tenant) => tenant.tenant_id));
      cursor = body.next_cursor;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen[0]).toBe("gone");
    expect(seen.at(-1)).toBe("acme:1");
    for (const query of ["limit=0", "limit=101", "limit=x", "cursor=zzz", "sort=name"]) {
      expect((await world.get(`/v1/tenants?${query}`)).status).toBe(422);
    }
  });
});

describe("an API key", () => {
  const by = (secret: string) => ({ authorization: `Bearer ${secret}` });
  const as = (secret: string, method: "GET" | "PUT" | "DELETE", url: string, body?: unknown) => world.call(method, url, body, by(secret));

  test("is shown once, and works until it is revoked", async () => {
    const made = await world.post("/v1/api-keys", { name: "worker", scopes: ["billing.read"], expires_at: "2099-01-01T00:00:00Z" });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ name: "worker", scopes: ["billing.read"], tenant_id: null, expires_at: "2099-01-01T00:00:00Z" });
    expect(made.body.secret).toMatch(/^bw_test_/);
    expect((await as(made.body.secret, "GET", "/v1/tenants/plain")).status).toBe(200);
    expect((await as(made.body.secret, "PUT", "/v1/tenants/plain", {})).body.code).toBe("forbidden");
    const listed = await world.get("/v1/api-keys?limit=1");
    expect(listed.body.items[0].id).toBe(made.body.id);
    expect(listed.text).not.toContain(made.body.secret);
    expect((await world.call("DELETE", `/v1/api-keys/${made.body.id}`)).body.revoked_at).not.toBeNull();
    expect((await as(made.body.secret, "GET", "/v1/tenants/plain")).body.code).toBe("unauthenticated");
    const stored = await world.billing.ctx.pool.query("select * from api_keys");
    expect(JSON.stringify(stored.rows)).not.toContain(made.body.secret);
  });

  test("made again under the same idempotency key is the same one, and its secret is stored nowhere", async () => {
    const make = () => world.post("/v1/api-keys", { name: "once", scopes: ["billing.read"] }, { "idempotency-key": "make-a-key" });
    const { id, secret } = (await make()).body;
    expect((await make()).body).toMatchObject({ id });
    const answers = await world.billing.ctx.pool.query("select body from idempotency_keys where key = 'make-a-key'");
    expect(answers.rows).toHaveLength(1);
    expect(JSON.stringify(answers.rows)).not.toContain(secret);
  });

  test("of one tenant knows that tenant only", async () => {
    const { secret } = await world.must("POST", "/v1/api-keys", { name: "own", scopes: ["admin"], tenant_id: "plain" });
    expect((await as(secret, "GET", "/v1/tenants")).body.items.map((tenant: { tenant_id: string }) => tenant.tenant_id)).toEqual(["plain"]);
    expect((await as(secret, "PUT", "/v1/tenants/plain", { name: "Mine" })).status).toBe(200);
    for (const method of ["GET", "PUT", "DELETE"] as const) {
      expect((await as(secret, method, "/v1/tenants/race", method === "PUT" ? { name: "X" } : undefined)).body.code).toBe(
        "tenant_not_found",
      );
    }
    expect((await as(secret, "GET", "/v1/api-keys")).status).toBe(403);
  });

  test.each([
    ["no scope", { name: "a", scopes: [] }, ["scopes"]],
    ["an unknown scope", { name: "a", scopes: ["root"] }, ["scopes[0]"]],
    ["no name", { scopes: ["admin"] }, ["name"]],
    ["an end that is past", { name: "a", scopes: ["admin"], expires_at: "2001-01-01T00:00:00Z" }, ["expires_at"]],
    ["an unknown tenant", { name: "a", scopes: ["admin"], tenant_id: "nobody" }, ["tenant_id"]],
  ])("is refused with %s", async (_name, body, faulty) => {
    const answer = await world.post("/v1/api-keys", body);
    expect([answer.status, paths(answer.body)]).toEqual([422, faulty]);
  });

  test("that is unknown, mistyped or no key is a 401", async () => {
    for (const header of ["Bearer nope", `Bearer ${TEST_KEY}x`, "Basic abc", "Bearer"]) {
      const answer = await world.call("GET", "/v1/tenants", undefined, { authorization: header });
      expect([answer.status, answer.body.code]).toEqual([401, "unauthenticated"]);
    }
    expect((await world.call("DELETE", "/v1/api-keys/key_nope")).status).toBe(404);
  });
});

test("the cache of tenants is new at once where the change was made, and asks once for many", async () => {
  const { tenants } = world.billing.ctx;
  expect(await tenants.find("cached")).toBeNull();
  await world.must("PUT", "/v1/tenants/cached", { time_zone: "Asia/Tokyo" });
  expect(await tenants.find("cached")).toMatchObject({ id: "cached", timeZone: "Asia/Tokyo", currency: null, testClockId: null });
  await world.must("PUT", "/v1/tenants/cached", { time_zone: "Asia/Kolkata" });
  const many = await tenants.findMany(["cached", "plain", "nobody", "a b", "plain"]);
  expect([...many.keys()].sort()).toEqual(["cached", "plain"]);
  expect(many.get("cached")!.timeZone).toBe("Asia/Kolkata");
  const clock = await world.clock("2024-01-01T00:00:00Z");
  await world.must("PUT", "/v1/tenants/cached", { test_clock: clock.id });
  const ref = (await tenants.find("cached"))!;
  expect(await tenants.now(ref)).toBe(Date.UTC(2024, 0, 1));
  await clock.to("2024-01-02T00:00:00Z");
  expect(await tenants.now(ref)).toBe(Date.UTC(2024, 0, 2));
});
