/** A tenant's events as they happen, over connections that break, and the cache that they keep right. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { BillingEvent, Billwright } from "../src/client.ts";
import { CATALOG, eventually, type ServedEngine, serveEngine } from "./served-engine.ts";

let engine: ServedEngine;
let client: Billwright;
let tenants = 0;

beforeAll(async () => {
  engine = await serveEngine();
  await engine.world.must("PUT", "/v1/catalog", CATALOG);
  client = engine.client();
});
afterEach(() => engine.proxy.fault(null));
afterAll(() => engine.close());

async function tenant(): Promise<string> {
  const id = `s${++tenants}`;
  await engine.world.must("PUT", `/v1/tenants/${id}`, { currency: "usd" });
  await engine.world.must("POST", `/v1/tenants/${id}/subscription`, { plan: "pro" });
  return id;
}

function listen(id: string) {
  const stop = new AbortController();
  const heard: BillingEvent[] = [];
  const states: string[] = [];
  const ended = (async () => {
    const options = { signal: stop.signal, onConnection: (state: string) => states.push(state) };
    for await (const event of client.events.stream(id, options)) heard.push(event);
  })();
  return { heard, states, ended, stop: () => stop.abort() };
}

test("events arrive as they happen, and none is missed over a connection that is cut", { timeout: 60_000 }, async () => {
  const id = await tenant();
  const { heard, states, ended, stop } = listen(id);
  await eventually(() => expect(states).toEqual(["open"]));
  await engine.world.must("POST", `/v1/tenants/${id}/subscription/pause`, {});
  await eventually(() => expect(heard.map(({ type }) => type)).toContain("subscription.paused"));
  engine.proxy.fault("away");
  await engine.world.must("POST", `/v1/tenants/${id}/subscription/resume`, {});
  await eventually(() => expect(states).toContain("lost"));
  engine.proxy.fault(null);
  await engine.world.must("PUT", `/v1/tenants/${id}`, { name: "Other" });
  await eventually(
    () => expect(heard.map(({ type }) => type)).toEqual(expect.arrayContaining(["subscription.resumed", "tenant.updated"])),
    20_000,
  );
  expect(new Set(heard.map((event) => event.id)).size).toBe(heard.length);
  stop();
  await ended;
});

test("a tenant that is not there is said, and not waited for", async () => {
  await expect(client.events.stream("nobody").next()).rejects.toMatchObject({ code: "tenant_not_found" });
});

test("a check that is remembered is dropped by the event that changes it", { timeout: 60_000 }, async () => {
  const id = await tenant();
  // Without the stream both would stand for an hour.
  const { entitlements } = engine.client({ entitlements: { maxAge: 3_600_000, streamedMaxAge: 3_600_000 } });
  expect((await entitlements.check(id, "chat")).has_access).toBe(true);
  await eventually(async () => expect((await entitlements.check(id, "chat")).source).toBe("engine"));
  await eventually(async () => expect((await entitlements.check(id, "chat")).source).toBe("cache"));
  await engine.world.must("POST", `/v1/tenants/${id}/subscription/pause`, {});
  await eventually(async () => expect(await entitlements.check(id, "chat")).toMatchObject({ has_access: false, reason: "paused" }), 5_000);
});
