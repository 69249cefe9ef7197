/** May they, and what if nobody can say: against a real engine that goes away. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Billwright, BillwrightOptions } from "../src/client.ts";
import { CATALOG, eventually, type ServedEngine, serveEngine } from "./served-engine.ts";

let engine: ServedEngine;
let tenants = 0;

beforeAll(async () => {
  engine = await serveEngine();
  await engine.world.must("PUT", "/v1/catalog", CATALOG);
});
afterEach(() => engine.proxy.fault(null));
afterAll(() => engine.close());

async function tenant(): Promise<string> {
  const id = `t${++tenants}`;
  await engine.world.must("PUT", `/v1/tenants/${id}`, { currency: "usd" });
  await engine.world.must("POST", `/v1/tenants/${id}/subscription`, { plan: "pro" });
  return id;
}
/** No streams: what is counted here are the client's own questions. */
const clientOf = (entitlements: BillwrightOptions["entitlements"] = {}): Billwright =>
  engine.client({ entitlements: { streams: 0, timeout: 5_000, retries: 0, ...entitlements } });

async function asked(work: () => Promise<unknown>): Promise<number> {
  const before = engine.proxy.requests;
  await work();
  return engine.proxy.requests - before;
}

describe("check", () => {
  test("says what the plan gives, of each type", async () => {
    const id = await tenant();
    const { entitlements } = clientOf();
    expect(await entitlements.check(id, "chat")).toMatchObject({ has_access: true, reason: "granted", source: "engine" });
    expect(await entitlements.check(id, "sso")).toMatchObject({ has_access: false, reason: "not_in_plan", source: "cache" });
    expect(await entitlements.check(id, "support_level")).toMatchObject({ value: "priority" });
    expect(await entitlements.check(id, "reports")).toMatchObject({ has_access: true, limit: 3, used: 0, remaining: 3, window: "day" });
    expect(await entitlements.has(id, "chat")).toBe(true);
    expect(await entitlements.list(id)).toMatchObject({ plan: "pro", status: "active", source: "cache" });
  });

  test("asks once for many, and not again while the answer is fresh", async () => {
    const id = await tenant();
    const { entitlements } = clientOf();
    expect(await asked(() => Promise.all(Array.from({ length: 50 }, () => entitlements.check(id, "chat"))))).toBe(1);
    expect(await asked(() => entitlements.check(id, "reports"))).toBe(0);
    expect(await asked(() => entitlements.check(id, "reports", { maxAge: 0 }))).toBe(1);
  });

  test("of a quantity is answered from memory where that tells, by the engine where not", async () => {
    const id = await tenant();
    const { entitlements } = clientOf();
    await entitlements.check(id, "tokens");
    expect(await asked(async () => expect((await entitlements.check(id, "tokens", { quantity: "999.999" })).has_access).toBe(true))).toBe(
      0,
    );
    const refused = await entitlements.check(id, "tokens", { quantity: "1000.000000000001" });
    expect(refused).toMatchObject({ has_access: false, reason: "limit_reached", source: "engine" });
  });

  test("is bounded in how old it may be", async () => {
    const id = await tenant();
    const { entitlements } = clientOf({ maxAge: 150 });
    expect((await entitlements.check(id, "chat")).has_access).toBe(true);
    await engine.world.must("POST", `/v1/tenants/${id}/subscription/pause`, {});
    await eventually(
      async () => expect(await entitlements.check(id, "chat")).toMatchObject({ has_access: false, reason: "paused" }),
      1_000,
    );
  });

  test("of what is not there is a mistake, and no outage", async () => {
    const { entitlements } = clientOf({ whenUnreachable: "open" });
    await expect(entitlements.check("nobody", "chat")).rejects.toMatchObject({ code: "tenant_not_found" });
    await expect(entitlements.check(await tenant(), "no_such")).rejects.toMatchObject({ code: "feature_not_found" });
  });
});

describe("consume", () => {
  test("is met exactly by many servers at once", async () => {
    const id = await tenant();
    const clients = Array.from({ length: 4 }, () => clientOf({ timeout: 10_000 }));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_none, i) => clients[i % 4]!.entitlements.consume(id, "reports")),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected")
        expect(outcome.reason).toMatchObject({ code: "quota_exceeded", problem: { limit: 3, window: "day" } });
    }
  });

  test("with the same key is the same consumption", async () => {
    const id = await tenant();
    const { entitlements } = clientOf();
    const first = await entitlements.consume(id, "tokens", { quantity: 400, idempotencyKey: "job-1" });
    expect(first).toMatchObject({ status: "accepted", used: 400, remaining: 600, source: "engine" });
    expect(await entitlements.consume(id, "tokens", { quantity: 400, idempotencyKey: "job-1" })).toMatchObject({ id: first.id });
    expect((await entitlements.check(id, "tokens", { maxAge: 0 })).used).toBe(400);
  });

  test("moves what is remembered", async () => {
    const id = await tenant();
    const { entitlements } = clientOf();
    await entitlements.check(id, "tokens");
    await entitlements.consume(id, "tokens", { quantity: 1_000 });
    expect(await asked(async () => expect(await entitlements.check(id, "tokens")).toMatchObject({ has_access: false, used: 1_000 }))).toBe(
      0,
    );
  });
});

describe("an engine that cannot be reached", () => {
  test("leaves it to the policy of each feature", async () => {
    const id = await tenant();
    const { entitlements } = clientOf({
      maxAge: 0,
      whenUnreachable: { default: "last_known", features: { chat: "closed", sso: "open", theme: "last_known_or_open" } },
    });
    await entitlements.check(id, "chat");
    engine.proxy.fault("away");
    expect(await entitlements.check(id, "chat")).toMatchObject({ has_access: false, reason: "unreachable", source: "policy" });
    expect(await entitlements.check(id, "sso")).toMatchObject({ has_access: true, reason: "unreachable", source: "policy" });
    expect(await entitlements.check(id, "support_level")).toMatchObject({ has_access: true, value: "priority", source: "policy" });
    expect(await entitlements.check("never-asked", "reports")).toMatchObject({ has_access: false, reason: "unreachable" });
    expect(await entitlements.check("never-asked", "theme")).toMatchObject({ has_access: true });
  });

  test("makes one request wait, not all", async () => {
    const id = await tenant();
    const { entitlements } = clientOf({ maxAge: 0, timeout: 400 });
    await entitlements.check(id, "chat");
    engine.proxy.fault("silent");
    await entitlements.check(id, "chat");
    const begun = Date.now();
    for (let i = 0; i < 20; i++) await entitlements.check(id, "chat");
    expect(Date.now() - begun).toBeLessThan(300);
  });

  test("500, half an answer and too many requests are outages too", async () => {
    const id = await tenant();
    for (const fault of [
      { answer: { status: 500 } },
      { answer: { status: 429 } },
      { cutAfter: 200 },
      { answer: { status: 200, body: "<html>" } },
    ]) {
      const { entitlements } = clientOf({ maxAge: 0 });
      await entitlements.check(id, "chat");
      engine.proxy.fault(fault);
      expect(await entitlements.check(id, "chat")).toMatchObject({ has_access: true, source: "policy" });
      engine.proxy.fault(null);
    }
  });

  test("a hard limit is not passed alone, and what was let through is recorded once when it is back", async () => {
    const id = await tenant();
    const { entitlements, usage } = clientOf({ maxAge: 0 });
    await entitlements.consume(id, "reports", { idempotencyKey: "before" });
    await entitlements.check(id, "reports");
    await eventually(async () => expect(await entitlements.recordConsumption(id, "reports", { idempotencyKey: "before" })).toBe(true));
    engine.proxy.fault("away");
    const pending = await entitlements.consume(id, "reports", { idempotencyKey: "a" });
    expect(pending).toMatchObject({ status: "pending", source: "policy", id: null });
    await entitlements.consume(id, "reports", { idempotencyKey: "b" });
    await expect(entitlements.consume(id, "reports")).rejects.toMatchObject({ code: "quota_exceeded", status: 0 });
    engine.proxy.fault(null);
    await usage.flush();
    await eventually(
      async () => expect(await entitlements.check(id, "reports", { maxAge: 0 })).toMatchObject({ used: 3, source: "engine" }),
      3_000,
    );
  });

  test("a consumption whose answer is lost counts once, though it is recorded again", async () => {
    const id = await tenant();
    const { entitlements, usage } = clientOf({ whenUnreachable: "open" });
    await entitlements.consume(id, "tokens", { quantity: 1 });
    await eventually(async () => expect(await entitlements.recordConsumption(id, "tokens", { quantity: 1 })).toBe(true));
    await usage.flush();
    engine.proxy.fault("answer_lost", 1);
    expect(await entitlements.consume(id, "tokens", { quantity: 10, idempotencyKey: "lost" })).toMatchObject({ status: "pending" });
    await usage.flush();
    await eventually(
      async () => expect(await entitlements.check(id, "tokens", { maxAge: 0 })).toMatchObject({ used: 12, source: "engine" }),
      3_000,
    );
  });

  test("what nothing is known to record by is told", async () => {
    const untold: unknown[] = [];
    const { entitlements } = clientOf({ whenUnreachable: "open", onUnrecorded: (one) => untold.push(one) });
    engine.proxy.fault("away");
    await entitlements.consume("t1", "reports", { idempotencyKey: "k" });
    expect(untold).toEqual([{ tenant: "t1", feature: "reports", quantity: 1, idempotencyKey: "k" }]);
  });
});

test("a used-up limit is refused by every path, in the outage too, until the window ends", async () => {
  const id = await tenant();
  const { entitlements } = clientOf({ maxAge: 0 });
  for (let i = 0; i < 3; i++) await entitlements.consume(id, "reports");
  await entitlements.check(id, "reports");
  engine.proxy.fault("away");
  expect(await entitlements.check(id, "reports")).toMatchObject({ has_access: false, reason: "limit_reached", source: "policy" });
});
