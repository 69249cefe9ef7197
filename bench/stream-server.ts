/** The engine as its own process, and beside it the bare server it is compared with: one row made durable, then the same frames from memory. */

import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ENGINE } from "../engine/src/auth/principal.ts";
import { commit } from "../engine/src/commit.ts";
import { createBillwright } from "../engine/src/engine.ts";
import { sql } from "./ingest-setup.ts";

const [database, apiKey, redisUrl] = process.argv.slice(2) as [string, string, string | undefined];
const address = redisUrl === undefined ? null : { urls: [redisUrl], cluster: false };
const billing = await createBillwright({
  database,
  worker: false,
  config: {
    logLevel: "error",
    rateLimit: 10_000_000,
    apiKey,
    port: 0,
    redis: address,
    eventsRedis: address && { address, replay: false, length: 100_000 },
    stream: {
      enabled: true,
      maxOpen: 100_000,
      maxPerTenant: 100_000,
      heartbeatMs: 15_000,
      maxBufferedBytes: 262_144,
      stallMs: 30_000,
      pollMs: 5_000,
    },
  },
});
const port = Number(new URL(await billing.listen()).port);

// What the bare server makes durable before it tells: one row.
await sql(database, "create table if not exists bench_told (at timestamptz not null)");
const readers = new Map<string, Set<ServerResponse>>();
const bare = createServer((request, response) => {
  const tenant = request.url!.split("/")[3]!;
  const mine = readers.get(tenant) ?? new Set();
  readers.set(tenant, mine.add(response));
  response.on("close", () => void mine.delete(response));
  response.writeHead(200, { "content-type": "text/event-stream" }).write("retry: 2000\n\n");
});
bare.listen(0, "127.0.0.1", () => say({ port, barePort: (bare.address() as AddressInfo).port }));

function say(words: object): void {
  process.stdout.write(`${JSON.stringify(words)}\n`);
}

const stamped = (): number => performance.timeOrigin + performance.now();

/** One event of each of these tenants, in one transaction each. */
async function tell(way: "engine" | "bare", tenants: readonly string[]): Promise<void> {
  const at = stamped();
  if (way === "engine") {
    await commit(billing.ctx, { principal: ENGINE }, async (tx) => {
      for (const tenantId of tenants) {
        tx.emit({ type: "usage.aggregated", tenantId, subject: "bench", summary: "A bench was told.", data: { at } });
      }
    });
    return;
  }
  await billing.ctx.pool.query("insert into bench_told values ('2026-01-01')");
  for (const tenant of tenants) {
    const body = {
      id: "evt_01m7xqjz9ye3gsrj5hgd0pq7q6",
      type: "usage.aggregated",
      tenant_id: tenant,
      occurred_at: "2026-01-01T00:00:00.000Z",
    };
    const data = JSON.stringify({ ...body, subject: "bench", summary: "A bench was told.", data: { at }, source: "engine" });
    for (const response of readers.get(tenant) ?? []) response.write(`id: ${body.id}\nevent: ${body.type}\ndata: ${data}\n\n`);
  }
}

let rest = "";
process.stdin.setEncoding("utf8");
for await (const text of process.stdin) {
  const lines = (rest + text).split("\n");
  rest = lines.pop()!;
  for (const line of lines) {
    const { way, tenants } = JSON.parse(line) as { way: "engine" | "bare"; tenants: string[] };
    await tell(way, tenants);
  }
}
const { user, system } = process.cpuUsage();
say({ cpuMs: (user + system) / 1_000 });
bare.closeAllConnections();
bare.close();
await billing.close();
