/** Calls of the client against a real engine, over a network that breaks. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Billwright, BillwrightError } from "../src/client.ts";
import { CATALOG, KEY, type ServedEngine, serveEngine } from "./served-engine.ts";

let engine: ServedEngine;
let client: Billwright;

beforeAll(async () => {
  engine = await serveEngine();
  client = engine.client();
  await client.catalog.push(CATALOG);
});
afterEach(() => engine.proxy.fault(null));
afterAll(() => engine.close());

const refusal = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable("it was not refused"),
    (error: unknown) => error as BillwrightError,
  );

describe("what is asked", () => {
  test("a tenant signs up, is billed and read back", async () => {
    expect(await client.tenants.put("acme", { name: "Acme", currency: "usd" })).toMatchObject({ tenant_id: "acme", name: "Acme" });
    expect(await client.subscriptions.start("acme", { plan: "pro" })).toMatchObject({ plan: "pro", status: "active" });
    expect(await client.plans.get("pro")).toMatchObject({ key: "pro", version: 1 });
    const [first] = (await client.invoices.list("acme")).items;
    expect(first).toMatchObject({ total: 2900, currency: "usd" });
    expect(await client.invoices.get(first!.id!)).toEqual(first);
    const pdf = await client.invoices.pdf(first!.id!);
    expect(new TextDecoder().decode(pdf.slice(0, 5))).toBe("%PDF-");
    expect((await client.request("GET", "/v1/features/{key}", { path: { key: "chat" } })).type).toBe("boolean");
  });

  test("a refusal says what is wrong, where, and which request it was", async () => {
    const error = await refusal(client.tenants.put("acme", { currency: "dollars" }));
    expect(error).toBeInstanceOf(BillwrightError);
    expect(error).toMatchObject({ status: 422, code: "invalid_request", errors: [{ path: "currency" }] });
    expect(error.requestId).toMatch(/^req_/);
    expect(error.isOutage).toBe(false);
    expect(await refusal(client.tenants.get("nobody"))).toMatchObject({ status: 404, code: "tenant_not_found" });
    const stranger = new Billwright({ url: engine.url, apiKey: "bw_test_wrong", retries: 0 });
    expect(await refusal(stranger.tenants.get("acme"))).toMatchObject({ status: 401, code: "unauthenticated" });
  });

  test("an id is one step of the path, whatever is in it", async () => {
    for (const id of ["a/b", "a/../b", "a?b", "ü"])
      expect(await refusal(client.tenants.get(id))).toMatchObject({ code: "tenant_not_found" });
    for (const id of ["", ".", ".."]) await expect(client.tenants.get(id)).rejects.toThrow("tenant_id");
  });

  test("credits are reserved, and come by the calendar", async () => {
    await client.tenants.put("saver", { currency: "usd" });
    const rule = await client.credits.setTopUpRule("saver", "weekly", { source: "adjustment", amount: 50, interval: "week" });
    expect(rule).toMatchObject({ key: "weekly", amount: 50 });
    expect((await client.credits.topUpRules("saver")).items.map(({ key }) => key)).toEqual(["weekly"]);
    expect((await client.credits.occurrences("saver", "weekly")).next_cursor).toBeNull();
    await client.credits.endTopUpRule("saver", "weekly");
    expect((await client.credits.topUpRules("saver")).items).toEqual([]);
    await client.credits.grant("saver", { amount: 10 });
    const held = await client.credits.hold("saver", { amount: 4 });
    expect(await client.credits.getHold("saver", held.id!)).toEqual(held);
    expect((await client.credits.holds("saver", { status: "open" })).items).toEqual([held]);
  });

  test("digits survive on both ways", async () => {
    const n = "12345678901234567.123456789012";
    await client.usage.recordNow([{ tenant_id: "acme", event: "llm", idempotency_key: "digits", properties: { n } }]);
    const [bucket] = (await client.usage.list("acme", { meter: "tokens" })).items;
    expect(bucket!.value).toBe(n);
  });
});

describe("a list", () => {
  test("is walked over its pages, or asked page by page", async () => {
    const events = Array.from({ length: 12 }, (_none, i) => ({ tenant_id: "acme", event: "walk", idempotency_key: `walk-${i}` }));
    await client.usage.recordNow(events);
    const walked: string[] = [];
    const before = engine.proxy.requests;
    for await (const event of client.usage.events("acme", { event: "walk", limit: 5 })) walked.push(event.idempotency_key!);
    expect(walked.sort()).toEqual(events.map((event) => event.idempotency_key).sort());
    expect(engine.proxy.requests - before).toBe(3);
    const page = await client.usage.events("acme", { event: "walk", limit: 5 });
    expect(page.items).toHaveLength(5);
    expect(page.next_cursor).not.toBeNull();
    expect(await client.usage.events("acme", { event: "walk", limit: 5 }).all(7)).toHaveLength(7);
  });

  test("that is left early asks no further", async () => {
    const before = engine.proxy.requests;
    for await (const _event of client.usage.events("acme", { event: "walk", limit: 2 })) break;
    expect(engine.proxy.requests - before).toBe(1);
  });
});

describe("a network that breaks", () => {
  const clocks = () =>
    engine.world.get("/v1/test-clocks?limit=100").then(({ body }) => body.items.map(({ name }: { name: string }) => name));
  const NOW = "2026-01-01T00:00:00Z";

  test("a write whose answer is lost is carried out once", async () => {
    engine.proxy.fault("answer_lost", 1);
    await client.testClocks.create({ name: "lost", now: NOW });
    expect((await clocks()).filter((name: string) => name === "lost")).toHaveLength(1);
  });

  test("half an answer is no answer: it is asked again, and carried out once", async () => {
    engine.proxy.fault({ cutAfter: 320 }, 2);
    expect(await client.testClocks.create({ name: "half", now: NOW })).toMatchObject({ name: "half" });
    expect((await clocks()).filter((name: string) => name === "half")).toHaveLength(1);
  });

  test("an engine that is away for two attempts is found at the third", async () => {
    const heard: string[] = [];
    const patient = engine.client({ onRetry: ({ code }) => heard.push(code) });
    engine.proxy.fault("away", 2);
    expect(await patient.tenants.get("acme")).toMatchObject({ tenant_id: "acme" });
    expect(heard).toEqual(["unreachable", "unreachable"]);
  });

  test("an engine that stays away is said to be so", async () => {
    engine.proxy.fault("away");
    const error = await refusal(engine.client({ retries: 1 }).tenants.get("acme"));
    expect(error).toMatchObject({ status: 0, code: "unreachable", isOutage: true });
    expect(error.cause).toBeInstanceOf(Error);
  });

  test("one that does not answer is left after the time limit, of each attempt", async () => {
    engine.proxy.fault("silent", 1);
    expect(await engine.client({ timeout: 300 }).tenants.get("acme")).toMatchObject({ tenant_id: "acme" });
    engine.proxy.fault("silent");
    expect(await refusal(client.tenants.get("acme", { timeout: 100, retries: 1 }))).toMatchObject({ code: "timeout" });
  });

  test("one that is slow is waited for", async () => {
    engine.proxy.fault({ late: 150 });
    expect(await client.tenants.get("acme", { timeout: 2_000, retries: 0 })).toMatchObject({ tenant_id: "acme" });
  });

  test("429 and 500 pass, after as long as was asked for", async () => {
    engine.proxy.fault({ answer: { status: 429, headers: { "retry-after": "1" } } }, 1);
    const begun = Date.now();
    await client.tenants.get("acme");
    expect(Date.now() - begun).toBeGreaterThanOrEqual(990);
    engine.proxy.fault({ answer: { status: 500, body: "<html>" } }, 2);
    expect(await client.testClocks.create({ name: "after500", now: NOW })).toMatchObject({ name: "after500" });
  });

  test("who asks for an hour's patience is not waited for in the call", async () => {
    engine.proxy.fault({ answer: { status: 503, headers: { "retry-after": "3600" } } });
    const before = engine.proxy.requests;
    expect(await refusal(client.tenants.get("acme"))).toMatchObject({ status: 503, retryAfter: 3_600_000 });
    expect(engine.proxy.requests - before).toBe(1);
  });

  test("a used-up quota and a gateway's no are not asked again", async () => {
    for (const [status, code] of [
      [429, "quota_exceeded"],
      [502, "gateway_error"],
      [409, "invalid_state"],
    ] as const) {
      engine.proxy.fault({ answer: { status, headers: { "content-type": "application/problem+json" }, body: JSON.stringify({ code }) } });
      const before = engine.proxy.requests;
      expect(await refusal(client.tenants.get("acme"))).toMatchObject({ status, code });
      expect(engine.proxy.requests - before).toBe(1);
    }
  });

  test("a proxy's page in the place of an answer is not taken for one", async () => {
    engine.proxy.fault({ answer: { status: 200, body: "<html>Sign in to the network</html>" } });
    expect(await refusal(client.tenants.get("acme", { retries: 0 }))).toMatchObject({ code: "unreadable" });
  });

  test("a signal ends the call, also between two attempts, with its own reason", async () => {
    engine.proxy.fault({ answer: { status: 503, headers: { "retry-after": "20" } } });
    const stop = new AbortController();
    const asking = client.tenants.get("acme", { signal: stop.signal });
    setTimeout(() => stop.abort(new Error("enough")), 100);
    await expect(asking).rejects.toThrow("enough");
    await expect(client.tenants.get("acme", { signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow("before");
  });

  test("your own key makes a change once beyond this process", async () => {
    const options = { idempotencyKey: "order-17" };
    const first = await client.testClocks.create({ name: "mine", now: NOW }, options);
    expect(await engine.client().testClocks.create({ name: "mine", now: NOW }, options)).toEqual(first);
    expect(await refusal(client.testClocks.create({ name: "other", now: NOW }, options))).toMatchObject({ code: "idempotency_key_reused" });
  });

  test("a key that is renewed is asked for at each attempt", async () => {
    const keys = ["bw_test_wrong", KEY];
    const renewed = engine.client({ apiKey: () => keys.shift() ?? KEY });
    expect(await refusal(renewed.tenants.get("acme"))).toMatchObject({ code: "unauthenticated" });
    expect(await renewed.tenants.get("acme")).toMatchObject({ tenant_id: "acme" });
  });
});

test("what cannot work is said where it is written", () => {
  expect(() => new Billwright({ url: "localhost:4400", apiKey: "x" })).toThrow("http://");
  expect(() => new Billwright({ url: "http://localhost:4400", apiKey: "" })).toThrow("apiKey");
});
