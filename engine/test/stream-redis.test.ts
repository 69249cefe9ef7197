/**
 * Streams with Redis between: two engines on one database and one Redis that is emptied, killed, frozen and put back. What readers hear is
 * the same as without: each event once, in the order of the table.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINE } from "../src/auth/principal.ts";
import { sleep } from "../src/clock.ts";
import { commit } from "../src/commit.ts";
import type { RedisAddress } from "../src/config.ts";
import { onPool } from "../src/db/pool.ts";
import { type Billwright, createBillwright } from "../src/engine.ts";
import { type RedisCluster, type RedisServer, startCluster, startRedis } from "./redis-server.ts";
import { openClient, type StreamClient, settled } from "./stream-client.ts";
import { createWorld, type World } from "./world.ts";

/** Longer than any test: what is told came by Redis, or was looked for because that was away. */
const POLL_MS = 600_000;

interface Pair {
  world: World;
  engines: [Billwright, Billwright];
  ports: [number, number];
  close(): Promise<void>;
}

function configOf(address: RedisAddress, replay = true) {
  const stream = {
    enabled: true,
    maxOpen: 1_000,
    maxPerTenant: 100,
    heartbeatMs: 15_000,
    maxBufferedBytes: 262_144,
    stallMs: 30_000,
    pollMs: POLL_MS,
  };
  return { port: 0, stream, logLevel: "silent" as const, redis: address, eventsRedis: { address, replay, length: 1_000 } };
}

async function openPair(address: RedisAddress): Promise<Pair> {
  const config = configOf(address);
  const world = await createWorld({ config });
  const second = await createBillwright({ database: world.billing.databaseUrl, worker: false, config });
  const portOf = async (engine: Billwright) => Number(new URL(await engine.listen()).port);
  return {
    world,
    engines: [world.billing, second],
    ports: [await portOf(world.billing), await portOf(second)],
    close: async () => {
      await second.close();
      await world.close();
    },
  };
}

async function newTenant(world: World, id: string): Promise<void> {
  await world.must("PUT", `/v1/tenants/${id}`, {});
  await settled(world);
}

function write(engine: Billwright, tenant: string, n: number, count = 1): Promise<unknown> {
  return commit(engine.ctx, { principal: ENGINE, tenantId: tenant }, async (tx) => {
    for (let i = 0; i < count; i++)
      tx.emit({ type: "usage.aggregated", tenantId: tenant, subject: String(n + i), summary: `number ${n + i}`, data: { n: n + i } });
  });
}

async function stored(world: World, tenant: string): Promise<string[]> {
  const rows = await onPool(world.billing.ctx.pool).query<{ id: string }>(
    "select id from billing_events where tenant_id = $1 order by xid, seq",
    [tenant],
  );
  return rows.map((row) => row.id);
}

const heard = (...clients: StreamClient[]): string[] => clients.flatMap((client) => client.events.map((event) => event.data.id));

/** How often the table was read since, by this engine: for its own streams, and to bring everybody's into Redis. */
function countReads(engine: Billwright): { own: number; all: number } {
  const reads = { own: 0, all: 0 };
  const { pool } = engine.ctx;
  const query = pool.query;
  pool.query = ((...given: Parameters<typeof query>) => {
    const { text, values } = given[0] as unknown as { text?: string; values: unknown[] };
    if (text?.includes("one read serves every stream")) reads[values[0] === null ? "all" : "own"] += 1;
    return query.apply(pool, given);
  }) as typeof query;
  return reads;
}

describe("one Redis", () => {
  let server: RedisServer;
  let pair: Pair;

  beforeAll(async () => {
    server = await startRedis();
    pair = await openPair(server.address);
  });
  afterAll(async () => {
    await pair.close();
    await server.stop();
  });

  it("carries whole events: the ids are those of the table, and one process reads it for both", async () => {
    await newTenant(pair.world, "both");
    const clients = await Promise.all(pair.ports.map((port) => openClient(port, "both")));
    await write(pair.engines[0], "both", 0);
    await Promise.all(clients.map((client) => client.until((events) => events.length === 1)));
    const reads = pair.engines.map(countReads);
    for (let n = 1; n <= 40; n++) await write(pair.engines[n % 2 ? 1 : 0], "both", n);
    await Promise.all(clients.map((client) => client.until((events) => events.length === 41)));
    const all = await stored(pair.world, "both");
    for (const client of clients) {
      expect(heard(client)).toEqual(all.slice(1));
      client.cut();
    }
    expect(reads[0]!.all + reads[1]!.all).toBeGreaterThan(0);
    // Some 40 each without Redis. An answer of it that is late on a busy machine costs one.
    expect(reads[0]!.own + reads[1]!.own).toBeLessThan(15);
  });

  it("lesson 35: who comes back resumes behind the last id that it has, on either engine, and nobody is told the backlog", async () => {
    await newTenant(pair.world, "back");
    for (let n = 0; n < 5; n++) await write(pair.engines[0], "back", n);
    await settled(pair.world);
    const fresh = await openClient(pair.ports[1], "back");
    const first = await openClient(pair.ports[0], "back", { lastId: (await stored(pair.world, "back"))[3]! });
    await first.until((events) => events.length === 2);
    first.cut();
    await write(pair.engines[0], "back", 5);
    const again = await openClient(pair.ports[1], "back", { lastId: first.lastId() });
    await again.until((events) => events.length === 1);
    await fresh.until((events) => events.length === 1);
    expect(heard(first, again)).toEqual((await stored(pair.world, "back")).slice(4));
    expect(heard(fresh)).toEqual((await stored(pair.world, "back")).slice(6));
    for (const client of [fresh, again]) client.cut();
  });

  it("trimmed, and emptied in the middle: every reader hears each event once", { timeout: 60_000 }, async () => {
    await newTenant(pair.world, "flushed");
    const clients = await Promise.all(pair.ports.map((port) => openClient(port, "flushed")));
    const hand = server.client();
    let n = 0;
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 10; i++) await write(pair.engines[i % 2 ? 1 : 0], "flushed", n++);
      await hand.flushall();
    }
    // More than it holds, in one transaction.
    await write(pair.engines[0], "flushed", n, 2_500);
    n += 2_500;
    await Promise.all(clients.map((client) => client.until((events) => events.length === n, 30_000)));
    const all = await stored(pair.world, "flushed");
    for (const client of clients) {
      expect(heard(client)).toEqual(all.slice(1));
      client.cut();
    }
    const [key] = await hand.keys("*events");
    const length = await hand.xlen(key!);
    expect(length).toBeGreaterThanOrEqual(1_000);
    expect(length).toBeLessThan(2_000);
  });

  it("killed, frozen and started again under writers and readers that come and go", { timeout: 120_000 }, async () => {
    await newTenant(pair.world, "storm");
    let writing = true;
    const count = 240;
    const stays = await Promise.all(pair.ports.map((port) => openClient(port, "storm")));
    const writers = ([0, 1] as const).map(async (lane) => {
      for (let n: number = lane; n < count; n += 2) {
        await write(pair.engines[lane], "storm", n);
        await sleep(10);
      }
    });
    const visits: StreamClient[] = [];
    const [began] = (await stored(pair.world, "storm")) as [string];
    const visitor = (async () => {
      let lastId = began;
      for (let i = 0; writing; i++) {
        const client = await openClient(pair.ports[i % 2]!, "storm", { lastId });
        await sleep(40);
        client.cut();
        await client.ended;
        visits.push(client);
        lastId = client.lastId() || lastId;
      }
      return lastId;
    })();
    for (let round = 0; round < 2; round++) {
      await sleep(150);
      await server.kill();
      await sleep(250);
      await server.start();
      await sleep(400);
    }
    server.freeze();
    await sleep(600);
    server.thaw();
    await Promise.all(writers);
    writing = false;
    const lastId = await visitor;
    await write(pair.engines[0], "storm", count);
    const all = await stored(pair.world, "storm");
    const end = await openClient(pair.ports[0], "storm", { lastId });
    await Promise.all([end, ...stays].map((client) => client.until(() => client.lastId() === all.at(-1), 30_000)));
    for (const client of stays) expect(heard(client)).toEqual(all.slice(1));
    expect(heard(...visits, end)).toEqual(all.slice(1));
    for (const client of [end, ...stays]) client.cut();
  });

  it("a process that brings the events and dies is followed by another", { timeout: 60_000 }, async () => {
    await newTenant(pair.world, "heir");
    const [first, second] = await Promise.all(pair.ports.map((port) => openClient(port, "heir")));
    await write(pair.engines[0], "heir", 0);
    await Promise.all([first!, second!].map((client) => client.until((events) => events.length === 1)));
    // A lease that nobody renews, as of a process that was killed.
    const hand = server.client();
    const lease = async () => (await hand.keys("*lease"))[0]!;
    await hand.set(await lease(), "somebody who is no more", "PX", 1_500);
    // Until the one that had it has seen that it has it no more.
    await sleep(600);
    await write(pair.engines[0], "heir", 1);
    await Promise.all([first!, second!].map((client) => client.until((events) => events.length === 2)));
    expect(await hand.get(await lease())).not.toBe("somebody who is no more");
    expect(heard(second!)).toEqual((await stored(pair.world, "heir")).slice(1));
    for (const client of [first!, second!]) client.cut();
  });

  it("a stream of another past of the database, ahead of it, is dropped", async () => {
    await newTenant(pair.world, "future");
    const hand = server.client();
    const [key] = await hand.keys("*events");
    const open = () => openClient(pair.ports[0], "future");
    await hand.call("DEL", key!);
    await hand.call("XADD", key!, "18446744073709551000-1", "id", "evt_gone", "tenant", "future", "type", "tenant.updated", "frame", "x");
    // Whoever leads finds that out when it begins to.
    await hand.call("DEL", key!.replace(/events$/, "events:lease"));
    const client = await open();
    await write(pair.engines[0], "future", 1);
    await client.until((events) => events.length === 1);
    await sleep(50);
    expect(heard(client)).toEqual((await stored(pair.world, "future")).slice(1));
    client.cut();
  });
});

it("a stream that is empty begins with what is stored, or with what is new, as the settings say", async () => {
  const server = await startRedis();
  const hand = server.client();
  for (const replay of [true, false]) {
    await hand.flushall();
    const world = await createWorld({ config: configOf(server.address, replay) });
    const port = Number(new URL(await world.billing.listen()).port);
    await newTenant(world, "acme");
    await write(world.billing, "acme", 0, 20);
    await settled(world);
    const client = await openClient(port, "acme");
    while ((await hand.keys("*events")).length === 0) await sleep(20);
    await write(world.billing, "acme", 20);
    await client.until((events) => events.length === 1);
    const all = await stored(world, "acme");
    let ids: string[] = [];
    // It may have been told from the table before it was in the stream.
    while (ids.at(-1) !== all.at(-1)) {
      const entries = await hand.xrange((await hand.keys("*events"))[0]!, "-", "+");
      ids = entries.flatMap(([, fields]) => (fields[0] === "id" ? [fields[1]!] : []));
    }
    expect(ids.filter((id) => all.includes(id))).toEqual(replay ? all : all.slice(-1));
    client.cut();
    await world.close();
  }
  await server.stop();
});

describe("a cluster", () => {
  let cluster: RedisCluster;
  let pair: Pair;

  beforeAll(async () => {
    cluster = await startCluster();
    pair = await openPair(cluster.address);
  });
  afterAll(async () => {
    await pair.close();
    await cluster.stop();
  });

  it("carries them as one server does, and while the node that has them is away the table does", { timeout: 60_000 }, async () => {
    await newTenant(pair.world, "acme");
    const clients = await Promise.all(pair.ports.map((port) => openClient(port, "acme")));
    let n = 0;
    const tell = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) await write(pair.engines[i % 2 ? 1 : 0], "acme", n++);
      await Promise.all(clients.map((client) => client.until((events) => events.length === n, 30_000)));
    };
    await tell();
    const held = await Promise.all(cluster.nodes.map((node) => node.client().keys("*events")));
    const node = cluster.nodes[held.findIndex((keys) => keys.length > 0)]!;
    await node.kill();
    await tell();
    await node.start();
    await tell();
    // It is used again.
    const hand = node.client();
    while ((await hand.keys("*events")).length === 0) {
      await write(pair.engines[0], "acme", n++);
      await sleep(50);
    }
    await tell();
    const all = await stored(pair.world, "acme");
    for (const client of clients) {
      expect(heard(client)).toEqual(all.slice(1));
      client.cut();
    }
  });
});
