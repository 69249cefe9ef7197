/** No event is left out and none is told twice: writers that overlap, readers that come and go, connections that are killed, two engines. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINE } from "../src/auth/principal.ts";
import { sleep } from "../src/clock.ts";
import { commit } from "../src/commit.ts";
import { onPool } from "../src/db/pool.ts";
import { type Billwright, createBillwright } from "../src/engine.ts";
import { openClient, type StreamClient, settled } from "./stream-client.ts";
import { createWorld, type World } from "./world.ts";

/** Longer than any test: what is told was rung for, or found when who listens came back. */
const POLL_MS = 600_000;
const STREAM = {
  enabled: true,
  maxOpen: 1_000,
  maxPerTenant: 100,
  heartbeatMs: 15_000,
  maxBufferedBytes: 262_144,
  stallMs: 30_000,
  pollMs: POLL_MS,
};
let world: World;
let second: Billwright;
let ports: [number, number];

const portOf = async (engine: Billwright) => Number(new URL(await engine.listen()).port);

beforeAll(async () => {
  const config = { port: 0, stream: STREAM, databasePoolSize: 12 };
  world = await createWorld({ config });
  second = await createBillwright({ database: world.billing.databaseUrl, worker: false, config: { logLevel: "silent", ...config } });
  ports = [await portOf(world.billing), await portOf(second)];
});
afterAll(async () => {
  await second.close();
  await world.close();
});

/** Writes events in one transaction of the given engine, which takes its id first and ends after `wait`. */
function write(tenant: string, subjects: readonly number[], wait = 0, engine = world.billing, abandon = false): Promise<unknown> {
  const writing = commit(engine.ctx, { principal: ENGINE, tenantId: tenant }, async (tx) => {
    await tx.query("select pg_current_xact_id()::text as xid");
    if (wait > 0) await sleep(wait);
    if (abandon) throw new Error("abandoned");
    for (const n of subjects) {
      tx.emit({ type: "usage.aggregated", tenantId: tenant, subject: String(n), summary: `number ${n}`, data: { n } });
    }
  });
  return abandon ? writing.catch(() => undefined) : writing;
}

/** A transaction that has begun, and so is older than those that follow, and writes when it is let. */
async function begin(tenant: string, subjects: readonly number[], abandon = false): Promise<{ end(): Promise<unknown> }> {
  const [begun, may] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const writing = commit(world.billing.ctx, { principal: ENGINE, tenantId: tenant }, async (tx) => {
    await tx.query("select pg_current_xact_id()::text as xid");
    begun.resolve();
    await may.promise;
    if (abandon) throw new Error("abandoned");
    for (const n of subjects) {
      tx.emit({ type: "usage.aggregated", tenantId: tenant, subject: String(n), summary: `number ${n}`, data: { n } });
    }
  }).catch((error: Error) => {
    if (!abandon) throw error;
  });
  await begun.promise;
  return {
    end: () => {
      may.resolve();
      return writing;
    },
  };
}

/** What the table has, in the order that is promised. */
async function stored(tenant: string): Promise<string[]> {
  const rows = await onPool(world.billing.ctx.pool).query<{ id: string }>(
    "select id from billing_events where tenant_id = $1 order by xid, seq",
    [tenant],
  );
  return rows.map((row) => row.id);
}

const heard = (clients: StreamClient[]): string[] => clients.flatMap((client) => client.events.map((event) => event.data.id));
/** Whose making is no news to the streams that are opened after it. */
async function newTenant(id: string): Promise<void> {
  await world.must("PUT", `/v1/tenants/${id}`, {});
  await settled(world);
}

describe("writers that overlap", () => {
  it("an event of an older transaction that commits later is told, and nothing goes past it", async () => {
    await newTenant("late");
    const client = await openClient(ports[0], "late");
    const slow = await begin("late", [1]);
    await write("late", [2]);
    await sleep(250);
    // The younger one is committed; but what the older one will say has to come before it.
    expect(client.events).toEqual([]);
    await slow.end();
    await client.until((events) => events.length === 2);
    expect(client.events.map((event) => event.data.data.n)).toEqual([1, 2]);
    client.cut();
  });

  it("an older transaction that ends without a word holds nobody back for long", async () => {
    await newTenant("silent");
    const client = await openClient(ports[0], "silent");
    const slow = await begin("silent", [], true);
    await write("silent", [1]);
    await slow.end();
    await client.until((events) => events.length === 1);
    client.cut();
  });

  it("an id out of the history that an older transaction may yet write before: what that one says is told, what was read is not told again", async () => {
    await newTenant("early");
    const slow = await begin("early", [1]);
    await write("early", [2, 3]);
    const { items } = await world.must("GET", "/v1/tenants/early/events?limit=1");
    expect(items[0].data.n).toBe(3);
    const client = await openClient(ports[0], "early", { lastId: items[0].id });
    await slow.end();
    await write("early", [4]);
    await client.until((events) => events.at(-1)?.data.data.n === 4);
    expect(client.events.map((event) => event.data.data.n)).toEqual([1, 4]);
    client.cut();
  });

  it("streams that open in the middle of it meet every event once, from past to live, on both engines", async () => {
    await newTenant("busy");
    await write(
      "busy",
      Array.from({ length: 450 }, (_, n) => n),
    );
    const first = (await stored("busy"))[0]!;
    const count = 240;
    const numbers = Array.from({ length: count }, (_, n) => n);
    const writers = [0, 1, 2, 3, 4, 5].map(async (lane) => {
      for (const n of numbers.filter((number) => number % 6 === lane)) {
        await write("busy", [1_000 + n], (n * 13) % 29, n % 2 ? second : world.billing, n % 17 === 16);
      }
    });
    const clients: StreamClient[] = [];
    for (let i = 0; i < 30; i++) {
      clients.push(await openClient(ports[i % 2]!, "busy", i % 3 === 0 ? { query: "from=beginning" } : { lastId: first }));
      await sleep(20);
    }
    await Promise.all(writers);
    const all = await stored("busy");
    await Promise.all(clients.map((client) => client.until(() => client.lastId() === all.at(-1))));
    clients.forEach((client, i) => {
      expect(heard([client])).toEqual(i % 3 === 0 ? all : all.slice(1));
      client.cut();
    });
  });
});

it("readers that come back again and again, at any moment and to any engine, hear every event once and in order", {
  timeout: 120_000,
}, async () => {
  const seed = Number(process.env.SEED ?? 35);
  let runs = 0;
  const cuts = fc.array(fc.record({ after: fc.nat(60), from: fc.nat(1), pause: fc.nat(15) }), { minLength: 1, maxLength: 12 });
  const writes = fc.array(fc.record({ size: fc.integer({ min: 0, max: 40 }), wait: fc.nat(30), gap: fc.nat(12), abandon: fc.boolean() }), {
    minLength: 4,
    maxLength: 30,
  });
  await fc.assert(
    fc.asyncProperty(writes, cuts, fc.integer({ min: 1, max: 5 }), async (work, visits, lanes) => {
      const tenant = `p${runs++}`;
      await newTenant(tenant);
      const clients: StreamClient[] = [];
      const writing = Promise.all(
        Array.from({ length: lanes }, async (_, lane) => {
          for (let i = lane; i < work.length; i += lanes) {
            const { size, wait, gap, abandon } = work[i]!;
            await sleep(gap);
            await write(
              tenant,
              Array.from({ length: size }, (_unused, n) => i * 100 + n),
              wait,
              i % 2 ? second : world.billing,
              abandon,
            );
          }
        }),
      );
      let lastId = "";
      for (const { after, from, pause } of visits) {
        const client = await openClient(ports[from]!, tenant, lastId === "" ? { query: "from=beginning" } : { lastId });
        await sleep(after);
        client.cut();
        clients.push(client);
        // What came before the cut counts, and nothing after it.
        await client.ended;
        lastId = client.lastId() || lastId;
        await sleep(pause);
      }
      await writing;
      const all = await stored(tenant);
      const end = await openClient(ports[0], tenant, lastId === "" ? { query: "from=beginning" } : { lastId });
      clients.push(end);
      await end.until(() => end.lastId() === all.at(-1));
      end.cut();
      expect(heard(clients)).toEqual(all);
    }),
    { seed, numRuns: 20 },
  );
});

describe("connections that break", () => {
  const killed = async (): Promise<number> => {
    const [row] = await onPool(world.owner).query<{ count: number }>(
      "select count(pg_terminate_backend(pid))::integer as count from pg_stat_activity where datname = current_database() and application_name = 'billwright events'",
    );
    return row!.count;
  };

  it("the one that listens is killed, and is back soon, with what came meanwhile", async () => {
    await newTenant("killed");
    const clients = await Promise.all(ports.map((port) => openClient(port, "killed")));
    let count = 0;
    const tell = async (numbers: number): Promise<void> => {
      for (let n = 0; n < numbers; n++) await write("killed", [count++]);
    };
    const all = () => Promise.all(clients.map((client) => client.until((events) => events.length === count)));
    await tell(1);
    await all();
    for (let round = 0; round < 3; round++) {
      while ((await listening()) < 2) await sleep(20);
      expect(await killed()).toBe(2);
      await tell(10);
      await all();
      while ((await listening()) < 2) await sleep(20);
      await tell(1);
      await all();
    }
    const ids = await stored("killed");
    for (const client of clients) {
      expect(heard([client])).toEqual(ids.slice(1));
      client.cut();
    }
  });

  const listening = async (): Promise<number> => {
    const [row] = await onPool(world.owner).query<{ count: number }>(
      "select count(*)::integer as count from pg_stat_activity where datname = current_database() and application_name = 'billwright events'",
    );
    return row!.count;
  };

  it("every one is killed at once, readers stay and miss nothing", async () => {
    await newTenant("storm");
    const client = await openClient(ports[1], "storm");
    const sent: Promise<unknown>[] = [];
    for (let n = 0; n < 40; n++) {
      sent.push(write("storm", [n], n % 7, world.billing).catch(() => undefined));
      await sleep(5);
      if (n % 15 === 14) {
        await onPool(world.owner)
          .query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
          .catch(() => undefined);
      }
    }
    await Promise.all(sent);
    await write("storm", [1_000]);
    const all = await stored("storm");
    await client.until(() => client.lastId() === all.at(-1));
    expect(heard([client])).toEqual(all.slice(1));
    client.cut();
  });
});
