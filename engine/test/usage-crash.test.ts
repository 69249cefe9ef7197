/** Nothing that was answered 202 is lost and nothing counts twice: engines are killed at full load, and race each other. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Lanes } from "../src/billing/usage/lanes.ts";
import { prepare } from "../src/billing/usage/prepare.ts";
import { findConflicts, insertEvents } from "../src/billing/usage/store.ts";
import { onPool } from "../src/db/pool.ts";
import { createWorld, TEST_KEY, type World } from "./world.ts";

let world: World;
const engines: ChildProcess[] = [];

beforeAll(async () => {
  world = await createWorld();
  await world.must("PUT", "/v1/catalog", { meters: [{ key: "tokens", event: "llm", aggregation: "sum", property: "n" }], plans: [] });
});
afterAll(async () => {
  for (const engine of engines) engine.kill("SIGKILL");
  await world.close();
});

async function startEngine(): Promise<{ url: string; kill(): Promise<void> }> {
  const path = fileURLToPath(new URL("./usage-sender.ts", import.meta.url));
  const engine = spawn(process.execPath, [path, world.billing.databaseUrl], { stdio: ["ignore", "pipe", "inherit"] });
  engines.push(engine);
  const ended = once(engine, "exit").then(() => Promise.reject(new Error("the engine ended before it served")));
  const [line] = (await Promise.race([once(createInterface(engine.stdout!), "line"), ended])) as [string];
  ended.catch(() => undefined);
  return {
    url: `http://127.0.0.1:${(JSON.parse(line) as { port: number }).port}`,
    kill: async () => {
      engine.kill("SIGKILL");
      if (engine.exitCode === null && engine.signalCode === null) await once(engine, "exit");
    },
  };
}

const event = (tenant_id: string, key: string) => ({ tenant_id, event: "llm", idempotency_key: key, properties: { n: 1 } });

/** null: no answer. */
async function post(url: string, body: unknown): Promise<{ status: number; accepted: number } | null> {
  try {
    const response = await fetch(`${url}/v1/usage`, {
      method: "POST",
      headers: { authorization: `Bearer ${TEST_KEY}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: response.status, accepted: ((await response.json()) as { accepted?: number }).accepted ?? 0 };
  } catch {
    return null;
  }
}

async function counts(tenantId: string): Promise<{ events: number; total: string }> {
  const tenant = (await world.billing.ctx.tenants.find(tenantId))!;
  const [row] = await onPool(world.billing.ctx.pool).query<{ events: bigint; total: string }>(
    `select (select count(*) from usage_events where tenant_no = $1) as events,
       (select coalesce(sum(total), 0) from usage_rollups where tenant_no = $1) as total`,
    [tenant.no],
  );
  return { events: Number(row!.events), total: row!.total };
}

test("killed ten times at full load: every 202 is there after the restart, nothing twice", { timeout: 180_000 }, async () => {
  await world.must("PUT", "/v1/tenants/crash", {});
  const answered = new Set<string>();
  const unsure: string[][] = [];
  let next = 0;
  for (let round = 0; round < 10; round++) {
    const engine = await startEngine();
    let alive = true;
    const senders = Array.from({ length: 12 }, async (_, sender) => {
      while (alive) {
        const keys = Array.from({ length: sender % 3 === 0 ? 1 : 50 }, () => `k${next++}`);
        const answer = await post(
          engine.url,
          keys.map((key) => event("crash", key)),
        );
        if (answer?.status === 202) for (const key of keys) answered.add(key);
        else unsure.push(keys);
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 250 + round * 37));
    await engine.kill();
    alive = false;
    await Promise.all(senders);
  }
  expect(answered.size).toBeGreaterThan(500);
  const before = await counts("crash");
  expect(Number(before.total)).toBe(before.events);
  // What had no answer is sent again with its keys, and so is all that had one.
  for (const keys of unsure)
    expect(
      (
        await world.post(
          "/v1/usage",
          keys.map((key) => event("crash", key)),
        )
      ).status,
    ).toBe(202);
  const sent = [...answered];
  for (let i = 0; i < sent.length; i += 5_000) {
    const answer = await world.post(
      "/v1/usage",
      sent.slice(i, i + 5_000).map((key) => event("crash", key)),
    );
    expect(answer.body.accepted).toBe(0);
  }
  expect(await counts("crash")).toEqual({ events: next, total: String(next) });
});

test("two processes send the same events at once, in other orders: each counts once", { timeout: 60_000 }, async () => {
  await world.must("PUT", "/v1/tenants/race", {});
  const [a, b] = [await startEngine(), await startEngine()];
  const keys = Array.from({ length: 400 }, (_, i) => `r${i}`);
  const sends = Array.from({ length: 24 }, async (_, i) => {
    const order = i % 2 ? keys : keys.toReversed();
    return post(
      i % 3 ? a.url : b.url,
      [...order.slice(i), ...order.slice(0, i)].map((key) => event("race", key)),
    );
  });
  const answers = await Promise.all(sends);
  expect(answers.map((answer) => answer?.status)).toEqual(answers.map(() => 202));
  expect(answers.reduce((sum, answer) => sum + answer!.accepted, 0)).toBe(400);
  expect(await counts("race")).toEqual({ events: 400, total: "400" });
});

test("a meter added by another process a moment ago reads the next event", async () => {
  await world.must("PUT", "/v1/tenants/fresh", {});
  const engine = await startEngine();
  for (let i = 0; i < 5; i++) {
    await post(engine.url, [event("fresh", `before${i}`)]);
    await world.must("PUT", `/v1/meters/fresh${i}`, { event: "llm", aggregation: "count" });
    await post(engine.url, [event("fresh", `after${i}`)]);
    const { items } = await world.must("GET", `/v1/tenants/fresh/usage?meter=fresh${i}`);
    expect(items[0].value).toBe(2 * (i + 1));
  }
});

test("an event that the database cannot take fails alone, not its neighbours in flight", async () => {
  await world.must("PUT", "/v1/tenants/poison", {});
  const { ctx } = world.billing;
  const catalog = await ctx.catalog.current({ fresh: true });
  const tenants = await ctx.tenants.findMany(["poison"]);
  const ready = (key: string) =>
    prepare([event("poison", key)], { catalog, tenants, nowOf: () => ctx.clock.now(), limits: ctx.config.usage, batch: false });
  const db = onPool(ctx.pool);
  let statements = 0;
  const lanes = new Lanes({
    insert: (revision, events) => {
      statements += 1;
      return insertEvents(db, revision, events);
    },
    conflicts: (events) => findConflicts(db, events),
  });
  const bad = ready("bad").map((one) => ({ ...one, propertiesJson: '{"n":' }));
  const sends = [ready("1"), ready("2"), bad, ready("3")].map((events) => lanes.submit(catalog.revision, events));
  const outcomes = await Promise.allSettled(sends);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  expect(statements).toBe(5);
  expect(await counts("poison")).toEqual({ events: 3, total: "3" });
});
