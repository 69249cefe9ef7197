/** What two engines share by Redis: rate limits, and the word of usage. It is lost and comes back, empty, and nothing is wrong meanwhile. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { sleep, stopwatch } from "../src/clock.ts";
import { type Billwright, createBillwright, Refusal } from "../src/engine.ts";
import { createLeasedLimit } from "../src/http/leased-limit.ts";
import { openRedis } from "../src/redis/redis.ts";
import { anyRedis, type RedisServer, startRedis } from "./redis-server.ts";
import { createWorld, TEST_KEY, type World } from "./world.ts";

const RATE = 40;
const LIMIT = 300;
let server: RedisServer;
let world: World;
let other: Billwright;
let nodes: [Billwright, Billwright];

beforeAll(async () => {
  server = await startRedis();
  const config = { logLevel: "silent" as const, redis: server.address };
  world = await createWorld({ config });
  other = await createBillwright({ database: world.billing.databaseUrl, worker: false, config: { ...config, databasePoolSize: 6 } });
  nodes = [world.billing, other];
  await world.must("PUT", "/v1/catalog", {
    meters: [{ key: "calls", event: "call", aggregation: "sum", property: "n" }],
    features: [{ key: "api", type: "metered", meter: "calls" }],
    plans: [
      {
        key: "free",
        currency: "usd",
        default: true,
        prices: [{ key: "base", type: "flat", amount: 0 }],
        entitlements: [{ feature: "api", limit: LIMIT, window: "lifetime", enforcement: "hard" }],
      },
    ],
  });
});
afterAll(async () => {
  await other.close();
  await world.close();
  await server.stop();
});

const used = async (node: Billwright, tenant: string) => Number((await node.entitlements.check(tenant, "api")).used);
const listens = (node: Billwright) => node.ctx.redis.shared!.state().listens;

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(10);
}

it("usage on one node is seen on the other by a word of Redis; without Redis by reading, at once and exactly; and after it again", async () => {
  await world.must("PUT", "/v1/tenants/seen", {});
  await until(() => nodes.every(listens));
  const consume = (node: Billwright) => node.entitlements.consume("seen", "api", { quantity: 1 });
  expect(await used(other, "seen")).toBe(0);
  await consume(world.billing);
  await until(async () => (await used(other, "seen")) === 1);
  await server.kill();
  await until(() => !nodes.some(listens));
  for (let n = 2; n <= 12; n++) {
    await consume(nodes[n % 2]!);
    expect(await used(world.billing, "seen")).toBe(n);
    expect(await used(other, "seen")).toBe(n);
  }
  await server.start();
  await until(() => nodes.every(listens));
  await consume(world.billing);
  await until(async () => (await used(other, "seen")) === 13);
});

it("Redis lost or restarted is slower, not wrong: a hard limit admits exactly what it says, whoever asks wherever", {
  timeout: 60_000,
}, async () => {
  await world.must("PUT", "/v1/tenants/hard", {});
  let admitted = 0;
  let refused = 0;
  const lanes = Array.from({ length: 16 }, async (_, lane) => {
    for (let n = 0; n < 40; n++) {
      // As where people wait for an answer, so that Redis comes and goes under them.
      await sleep(10);
      await nodes[lane % 2]!.entitlements.consume("hard", "api", { quantity: 1 }).then(
        () => {
          admitted += 1;
        },
        (error) => {
          if (!(error instanceof Refusal) || error.code !== "quota_exceeded") throw error;
          refused += 1;
        },
      );
    }
  });
  const storm = (async () => {
    for (let round = 0; round < 2; round++) {
      await server.kill();
      await sleep(200);
      await server.start();
      await sleep(200);
    }
    await server.client().flushall();
  })();
  await Promise.all([...lanes, storm]);
  expect([admitted, refused]).toEqual([LIMIT, 16 * 40 - LIMIT]);
  for (const node of nodes) await until(async () => (await used(node, "hard")) === LIMIT);
});

it("a caller's limit holds over both processes together, and over each while Redis is away", { timeout: 60_000 }, async () => {
  const config = { logLevel: "silent" as const, redis: server.address, rateLimit: RATE, apiKey: TEST_KEY };
  const both = await Promise.all(
    [0, 1].map(() => createBillwright({ database: world.billing.databaseUrl, worker: false, config: { ...config, databasePoolSize: 2 } })),
  );
  const ask = async (node: Billwright) => {
    const answer = await node.app.inject({ url: "/v1/plans?limit=1", headers: { authorization: `Bearer ${TEST_KEY}` } });
    expect([200, 429]).toContain(answer.statusCode);
    expect(Number(answer.headers["ratelimit-limit"])).toBe(RATE);
    return answer.statusCode === 200;
  };
  /** Asks until every window that has begun is used up; answers how many were let through, and how many windows there were at the most. */
  const press = async () => {
    const time = stopwatch();
    let through = 0;
    let waves = 0;
    for (; time() < 1_200 || waves < 4; waves++) {
      const answers = await Promise.all(both.flatMap((node) => Array.from({ length: RATE }, () => ask(node))));
      through += answers.filter(Boolean).length;
    }
    return { through, windows: Math.floor(time() / 1_000) + 1 };
  };
  const failures = () => both.reduce((sum, node) => sum + node.ctx.redis.shared!.state().failed, 0);
  let shared = { through: 0, windows: 0 };
  // An answer that is late, on a busy machine, is as none: that process then counts for itself.
  for (let before = -1; before !== failures(); ) {
    before = failures();
    shared = await press();
  }
  expect(shared.through).toBeGreaterThanOrEqual(RATE);
  expect(shared.through).toBeLessThanOrEqual(RATE * shared.windows);
  await server.kill();
  await until(() => both.every((node) => !node.ctx.redis.shared!.isThere()));
  // Windows that had begun with Redis end first.
  let alone = 0;
  for (let presses = 0; presses < 3 && alone < RATE * 2; presses++) alone = (await press()).through;
  expect(alone).toBeGreaterThanOrEqual(RATE * 2);
  await server.start();
  for (const node of both) await node.close();
});

it("leases: three processes give out exactly the limit, and few of their requests wait for an answer", async () => {
  const { address, stop } = await anyRedis();
  const home = `{test:${process.pid}:${Math.random()}}`;
  const clients = await Promise.all([0, 1, 2].map(() => openRedis(address, home, () => undefined)));
  const limits = clients.map((redis) => createLeasedLimit(redis, "calls", 1_000, 600_000));
  const failures = () => clients.reduce((sum, redis) => sum + redis.state().failed, 0);
  const asked = () => clients.reduce((sum, redis) => sum + redis.state().asked, 0);
  let [caller, allowed, questions] = ["", 0, 0];
  // A late answer, on a busy machine, is as none, and what it granted is lost.
  for (let before = -1; before !== failures(); ) {
    before = failures();
    caller = `caller${before}`;
    allowed = 0;
    const start = asked();
    await Promise.all(
      limits.map(async (limit) => {
        for (let n = 0; n < 30; n++) {
          const wave = await Promise.all(Array.from({ length: 20 }, () => limit.take(caller)));
          allowed += wave.filter((taken) => taken?.isAllowed).length;
        }
      }),
    );
    questions = asked() - start;
  }
  expect(allowed).toBe(1_000);
  // 1,800 were made; a lease is ten, or as many as waited.
  expect(questions).toBeLessThan(400);
  expect(await limits[0]!.take(caller)).toMatchObject({ isAllowed: false, remaining: 0 });
  expect(await limits[1]!.look(caller)).toMatchObject({ isAllowed: false, remaining: 0 });
  expect(await limits[1]!.look("other")).toMatchObject({ isAllowed: true, remaining: 1_000 });
  expect(await limits[2]!.take("other")).toMatchObject({ isAllowed: true, remaining: 999 });
  for (const redis of clients) await redis.close();
  expect(await limits[0]!.take("third")).toBe(null);
  await stop();
});
