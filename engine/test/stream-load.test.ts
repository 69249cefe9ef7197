/** Many streams, slow ones, and ones that come and go: nobody waits for another, and nothing is left behind. */
import { ServerResponse } from "node:http";
import { queryObjects } from "node:v8";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ENGINE } from "../src/auth/principal.ts";
import { sleep } from "../src/clock.ts";
import { commit } from "../src/commit.ts";
import { openClient, type StreamClient, settled } from "./stream-client.ts";
import { createWorld, type World } from "./world.ts";

/** Longer than any pause that a reader makes here who is to be waited for. */
const STALL_MS = 2_000;
/** Longer than any test: what is told was rung for. */
const POLL_MS = 600_000;
let world: World;
let port: number;

beforeAll(async () => {
  world = await createWorld({
    config: {
      port: 0,
      stream: {
        enabled: true,
        maxOpen: 5_000,
        maxPerTenant: 2_000,
        heartbeatMs: 15_000,
        maxBufferedBytes: 65_536,
        stallMs: STALL_MS,
        pollMs: POLL_MS,
      },
    },
  });
  port = Number(new URL(await world.billing.listen()).port);
});
afterAll(() => world.close());

const counts = () => world.billing.ctx.timeline.counts();

function tell(tenant: string, n: number, text = ""): Promise<unknown> {
  return commit(world.billing.ctx, { principal: ENGINE, tenantId: tenant }, async (tx) => {
    tx.emit({ type: "usage.aggregated", tenantId: tenant, subject: String(n), summary: `number ${n}`, data: { n, text } });
  });
}

/** Whose making is no news to the streams that are opened after it. */
async function newTenants(...ids: string[]): Promise<void> {
  for (const id of ids) await world.must("PUT", `/v1/tenants/${id}`, {});
  await settled(world);
}

const numbers = (...clients: StreamClient[]): number[] => clients.flatMap((client) => client.events.map((event) => event.data.data.n));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

async function openMany(count: number, ask: (i: number) => [string, Parameters<typeof openClient>[2]?]): Promise<StreamClient[]> {
  const clients: StreamClient[] = [];
  for (let i = 0; i < count; i += 50) {
    const wave = Array.from({ length: Math.min(50, count - i) }, (_, k) => ask(i + k));
    clients.push(...(await Promise.all(wave.map(([tenant, how]) => openClient(port, tenant, how)))));
  }
  return clients;
}

it("a reader that does not read is cut and holds nobody up; it resumes with what it missed", { timeout: 60_000 }, async () => {
  await newTenants("slow");
  const slow = await openClient(port, "slow");
  const quick = await openClient(port, "slow");
  while (slow.lastId() === "") await sleep(5);
  slow.pause();
  const text = "x".repeat(300_000);
  // Far more than what the system itself holds for a connection.
  let count = 0;
  for (; count < 80; count++) await tell("slow", count, text);
  await quick.until((events) => events.length === count);
  while (counts().streams === 2) await sleep(20);
  expect(counts()).toMatchObject({ streams: 1, followers: 1 });
  slow.resume();
  await slow.ended;
  expect(slow.events.length).toBeLessThan(count);
  const back = await openClient(port, "slow", { lastId: slow.lastId() });
  await tell("slow", count++, "the last");
  await back.until(() => numbers(slow, back).at(-1) === count - 1);
  await quick.until((events) => events.length === count);
  expect(numbers(slow, back)).toEqual(upTo(count));
  expect(numbers(quick)).toEqual(upTo(count));
  for (const client of [back, quick]) client.cut();
  while (counts().streams > 0) await sleep(5);
});

it("a reader of the past that does not read makes the engine wait, and is not cut for it", { timeout: 60_000 }, async () => {
  await newTenants("past");
  const text = "x".repeat(100_000);
  for (let n = 0; n < 200; n++) await tell("past", n, text);
  const client = await openClient(port, "past", { query: "from=beginning&type=usage.*" });
  client.pause();
  await sleep(500);
  await tell("past", 200);
  expect(counts().streams).toBe(1);
  client.resume();
  await client.until((events) => events.length === 201);
  expect(numbers(client)).toEqual(upTo(201));
  client.cut();
});

it("a burst that is more than the bound of what may wait, in one transaction, is told whole to who reads", {
  timeout: 60_000,
}, async () => {
  await newTenants("burst");
  const clients = await openMany(5, () => ["burst"]);
  const count = 4_000;
  await commit(world.billing.ctx, { principal: ENGINE, tenantId: "burst" }, async (tx) => {
    for (const n of upTo(count)) {
      tx.emit({
        type: "usage.aggregated",
        tenantId: "burst",
        subject: String(n),
        summary: `number ${n}`,
        data: { n, text: "x".repeat(200) },
      });
    }
  });
  await tell("burst", count);
  await Promise.all(clients.map((client) => client.until((events) => events.length === count + 1, 30_000)));
  for (const client of clients) {
    expect(numbers(client)).toEqual(upTo(count + 1));
    client.cut();
  }
  while (counts().streams > 0) await sleep(5);
});

it("a thousand streams of fifty tenants get every event, by one read a wake and not one a stream", { timeout: 120_000 }, async () => {
  await newTenants(...Array.from({ length: 50 }, (_, t) => `many${t}`));
  const clients = await openMany(1_000, (i) => [`many${i % 50}`]);
  expect(counts()).toMatchObject({ streams: 1_000, tenants: 50 });
  const pool = world.billing.ctx.pool;
  // All have joined once they were told something.
  for (let t = 0; t < 50; t++) await tell(`many${t}`, 0);
  await Promise.all(clients.map((client) => client.until((events) => events.length === 1, 60_000)));
  let reads = 0;
  const query = pool.query;
  pool.query = ((...given: Parameters<typeof query>) => {
    if (JSON.stringify(given[0]).includes("one read serves every stream")) reads += 1;
    return query.apply(pool, given);
  }) as typeof query;
  for (let n = 1; n <= 5; n++) for (let t = 0; t < 50; t++) await tell(`many${t}`, n);
  await Promise.all(clients.map((client) => client.until((events) => events.length === 6, 60_000)));
  pool.query = query;
  for (const client of clients) expect(numbers(client)).toEqual(upTo(6));
  expect(reads).toBeGreaterThan(0);
  expect(reads).toBeLessThan(5 * 50 * 4);
  for (const client of clients) client.cut();
  while (counts().streams > 0) await sleep(10);
});

it("two thousand streams that opened and closed leave nothing behind", { timeout: 120_000 }, async () => {
  await newTenants("churn");
  for (let n = 0; n < 20; n++) await tell("churn", n);
  const churn = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 100) {
      const clients = await openMany(100, (k) => ["churn", k % 2 ? { query: "from=beginning" } : {}]);
      await tell("churn", i);
      // Half of them are cut in the middle of what they are told, as it happens.
      await Promise.all(clients.map((client, k) => (k % 4 < 2 ? client.until((events) => events.length > 0) : null)));
      for (const client of clients) client.cut();
    }
    while (counts().streams > 0) await sleep(10);
  };
  await churn(200);
  await sleep(200);
  const before = queryObjects(ServerResponse, { format: "count" });
  await churn(2_000);
  await sleep(200);
  expect(counts()).toEqual({ streams: 0, tenants: 0, followers: 0 });
  const left = await new Promise<number>((resolve) => world.billing.app.server.getConnections((_error, count) => resolve(count)));
  expect(left).toBe(0);
  // Each answer that something still holds on to would be counted here, after a collection of garbage.
  expect(queryObjects(ServerResponse, { format: "count" })).toBeLessThanOrEqual(before + 20);
  const [listening] = (
    await world.billing.ctx.pool.query(
      "select count(*)::integer as n from pg_stat_activity where application_name = 'billwright events' and datname = current_database()",
    )
  ).rows;
  expect(listening).toEqual({ n: 1 });
});
