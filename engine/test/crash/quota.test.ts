/** A hard limit is never passed and never missed: many clients press on it through several engines, one of which is killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, TEST_KEY, type World } from "../world.ts";

const LIMIT = 1_000;
let world: World;
let nodes: Awaited<ReturnType<typeof startEngine>>[];
const engines: ChildProcess[] = [];

beforeAll(async () => {
  world = await createWorld();
  await world.must("PUT", "/v1/catalog", {
    meters: [
      { key: "calls", event: "call", aggregation: "count" },
      { key: "tokens", event: "llm", aggregation: "sum", property: "n" },
    ],
    features: [
      { key: "api", type: "metered", meter: "calls" },
      { key: "llm", type: "metered", meter: "tokens" },
    ],
    plans: [
      {
        key: "free",
        default: true,
        prices: [],
        entitlements: [
          { feature: "api", limit: LIMIT, window: "month", enforcement: "hard" },
          { feature: "llm", limit: "100.5", window: "day", enforcement: "hard" },
        ],
      },
    ],
  });
  nodes = await Promise.all(Array.from({ length: 4 }, startEngine));
}, 120_000);
afterAll(async () => {
  for (const engine of engines) engine.kill("SIGKILL");
  await world.close();
});

async function startEngine(): Promise<{ url: string; kill(): Promise<void> }> {
  const path = fileURLToPath(new URL("./quota-child.ts", import.meta.url));
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

interface Answered {
  status: number;
  text: string;
}

/** null: no answer came. */
async function consume(url: string, tenant: string, feature: string, body: object): Promise<Answered | null> {
  try {
    const response = await fetch(`${url}/v1/tenants/${tenant}/entitlements/${feature}/consume`, {
      method: "POST",
      headers: { authorization: `Bearer ${TEST_KEY}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  } catch {
    return null;
  }
}

const used = async (tenant: string, meter: string) =>
  (await world.must("GET", `/v1/tenants/${tenant}/usage?meter=${meter}`)).items[0].value as number;

test("64 clients on 4 engines, one killed: exactly 1,000 are let pass, and a key that is sent again gets the same answer", {
  timeout: 120_000,
}, async () => {
  await world.must("PUT", "/v1/tenants/pressed", {});
  const answers = new Map<string, Answered>();
  const unsure = new Set<string>();
  let next = 0;
  let admitted = 0;
  let killed: Promise<void> | null = null;
  // 16 processes' worth of clients, on as many engines as the machine bears.
  const clients = Array.from({ length: 64 }, async (_none, i) => {
    while (next < 1_400) {
      const key = `p${next++}`;
      const answer = await consume(nodes[i % 4]!.url, "pressed", "api", { idempotency_key: key });
      if (answer === null) {
        unsure.add(key);
        if (i % 4 === 3) return;
      } else {
        answers.set(key, answer);
        if (answer.status === 200) admitted += 1;
      }
      // In the thick of it, and not before.
      if (admitted >= 300) killed ??= nodes[3]!.kill();
    }
  });
  await Promise.all(clients);
  await killed;
  expect(unsure.size).toBeGreaterThan(0);
  // Whoever got no answer asks again by the same key, at another engine: what was recorded is not recorded twice.
  for (const key of unsure) answers.set(key, (await consume(nodes[0]!.url, "pressed", "api", { idempotency_key: key }))!);
  const passed = [...answers].filter(([, { status }]) => status === 200).map(([key]) => key);
  expect(passed).toHaveLength(LIMIT);
  expect([...answers.values()].filter(({ status }) => status !== 200 && status !== 429)).toEqual([]);
  expect(answers.size).toBeGreaterThan(LIMIT);
  expect(await used("pressed", "calls")).toBe(LIMIT);
  // Each of the thousand was told another number.
  expect(new Set(passed.map((key) => (JSON.parse(answers.get(key)!.text) as { used: number }).used)).size).toBe(LIMIT);
  for (const key of passed.slice(0, 50))
    expect(await consume(nodes[1]!.url, "pressed", "api", { idempotency_key: key })).toEqual(answers.get(key));
  const types = (await world.must("GET", "/v1/tenants/pressed/events")).items.map(({ type }: { type: string }) => type);
  expect(types.filter((type: string) => type.startsWith("usage.")).sort()).toEqual(["usage.limit_approaching", "usage.limit_reached"]);
});

test("quantities of every size, beside plain usage that is never refused: the limit is not passed by what was consumed", {
  timeout: 60_000,
}, async () => {
  const seed = 20_260_310;
  console.info(`seed ${seed}`);
  let state = seed;
  const random = (below: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  await world.must("PUT", "/v1/tenants/sizes", {});
  let milli = 0;
  const asks = Array.from({ length: 240 }, (_none, i) => ({ key: `q${i}`, n: 1 + random(2_500) }));
  await Promise.all(
    Array.from({ length: 24 }, async (_none, client) => {
      for (let i = client; i < asks.length; i += 24) {
        const { key, n } = asks[i]!;
        const answer = await consume(nodes[i % 3]!.url, "sizes", "llm", { quantity: n / 1_000, idempotency_key: key });
        if (answer!.status === 200) milli += n;
      }
    }),
  );
  expect(milli).toBeLessThanOrEqual(100_500);
  // What was refused would not fit: the smallest of all would pass it, or there is room for it yet.
  expect(await used("sizes", "tokens")).toBe(milli / 1_000);
  const room = 100_500 - milli;
  if (room > 0) expect((await consume(nodes[0]!.url, "sizes", "llm", { quantity: room / 1_000 }))!.status).toBe(200);
  expect(await used("sizes", "tokens")).toBe(100.5);
  expect((await consume(nodes[1]!.url, "sizes", "llm", { quantity: "0.001" }))!.status).toBe(429);
  await world.must("POST", "/v1/usage", { tenant_id: "sizes", event: "llm", properties: { n: 1 } });
  expect(await used("sizes", "tokens")).toBe(101.5);
});
