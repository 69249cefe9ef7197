/**
 * What carries events to many processes with open streams: each reads the table when it is told (NOTIFY), or one does and the others
 * get whole events from a Redis stream. PROCESSES (4) engines with STREAMS (100) each of TENANTS (20), PACE (100) commits a second of one event each
 * for SECONDS (8), once each way. Transactions of the database beside the writer's own, processor time of the engines, and how late readers hear.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { connect, createServer, type Socket } from "node:net";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { benchDatabase } from "./database.ts";
import { report } from "./table.ts";

const PROCESSES = Number(process.env.PROCESSES ?? 4);
const STREAMS = Number(process.env.STREAMS ?? 100);
const TENANTS = Number(process.env.TENANTS ?? 20);
const PACE = Number(process.env.PACE ?? 100);
const SECONDS = Number(process.env.SECONDS ?? 8);
const KEY = "bw_test_key_of_the_bench";
const tenants = Array.from({ length: TENANTS }, (_, n) => `bench${n}`);

interface Engine {
  child: ChildProcess;
  port: number;
  lines: AsyncIterator<string>;
}

async function start(database: string, redisUrl: string | undefined): Promise<Engine> {
  const args = [
    fileURLToPath(new URL("./stream-server.ts", import.meta.url)),
    database,
    KEY,
    ...(redisUrl === undefined ? [] : [redisUrl]),
  ];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = (createInterface({ input: child.stdout! }) as Interface)[Symbol.asyncIterator]();
  const { port } = JSON.parse((await lines.next()).value!) as { port: number };
  return { child, port, lines };
}

const MARK = '"at":';
let delays: number[] = [];

function open(port: number, tenant: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let rest = "";
    let isOpen = false;
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () =>
      socket.write(`GET /v1/tenants/${tenant}/events/stream HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${KEY}\r\n\r\n`),
    );
    socket.setEncoding("latin1");
    socket.on("error", reject).on("data", (text: string) => {
      rest += text;
      if (!isOpen && !rest.startsWith("HTTP/1.1 200")) reject(new Error(rest));
      isOpen = true;
      resolve(socket);
      const now = performance.timeOrigin + performance.now();
      let from = 0;
      for (let found = rest.indexOf(MARK); found >= 0; found = rest.indexOf(MARK, from)) {
        const end = rest.indexOf("}", found);
        if (end < 0) break;
        delays.push(now - Number(rest.slice(found + MARK.length, end)));
        from = end;
      }
      rest = rest.slice(Math.max(from, rest.length - 400));
    });
  });
}

async function measure(database: string, redisUrl: string | undefined) {
  const engines: Engine[] = [];
  for (let i = 0; i < PROCESSES; i++) engines.push(await start(database, redisUrl));
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  const transactions = async (): Promise<number> => {
    // Others write down what they did when they are idle for a second.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const { rows } = await client.query("select xact_commit::integer as n from pg_stat_database where datname = current_database()");
    return rows[0].n;
  };
  for (const tenant of tenants) {
    const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
    await fetch(`http://127.0.0.1:${engines[0]!.port}/v1/tenants/${tenant}`, { method: "PUT", headers, body: "{}" });
  }
  const sockets: Socket[] = [];
  for (const { port } of engines)
    sockets.push(...(await Promise.all(Array.from({ length: STREAMS }, (_, n) => open(port, tenants[n % TENANTS]!)))));
  const count = PACE * SECONDS;
  const wanted = (count * STREAMS * PROCESSES) / TENANTS;
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const before = await transactions();
  delays = [];
  for (let n = 0; n < count; n++) {
    const whom = tenants[n % TENANTS]!;
    engines[n % PROCESSES]!.child.stdin!.write(`${JSON.stringify({ way: "engine", tenants: [whom] })}\n`);
    await new Promise((resolve) => setTimeout(resolve, 1_000 / PACE));
  }
  while (delays.length < wanted) await new Promise((resolve) => setTimeout(resolve, 10));
  const after = await transactions();
  for (const socket of sockets) socket.destroy();
  let cpuMs = 0;
  for (const { child, lines } of engines) {
    child.stdin!.end();
    cpuMs += (JSON.parse((await lines.next()).value!) as { cpuMs: number }).cpuMs;
    await new Promise((resolve) => child.once("close", resolve));
  }
  await client.end();
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))]! * 1_000;
  return { perEvent: (after - before) / count, cpu: (cpuMs / count) * 1_000, p50: at(0.5), p99: at(0.99) };
}

const database = await benchDatabase();
const port = await new Promise<number>((resolve) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address() as { port: number };
    server.close(() => resolve(port));
  });
});
const redis = process.env.BENCH_REDIS_URL
  ? null
  : spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], { stdio: "ignore" });
try {
  const byNotify = await measure(database.url, undefined);
  const byRedis = await measure(database.url, process.env.BENCH_REDIS_URL ?? `redis://127.0.0.1:${port}`);
  const rows = (["perEvent", "cpu", "p50", "p99"] as const).flatMap((what) => {
    const words = {
      perEvent: ["transactions, each event", "×1,000"],
      cpu: ["engines' processor time, each event", "µs"],
      p50: ["latency p50", "µs"],
      p99: ["latency p99", "µs"],
    }[what] as [string, string];
    const scale = what === "perEvent" ? 1_000 : 1;
    return [
      { what: `NOTIFY, ${words[0]}`, rate: byNotify[what] * scale, unit: words[1], ratio: 1 },
      { what: `Redis, ${words[0]}`, rate: byRedis[what] * scale, unit: words[1], ratio: byRedis[what] / byNotify[what] },
    ];
  });
  report("transport", `${PROCESSES} processes with ${STREAMS} streams each, ${PACE} commits a second of one event`, rows);
} finally {
  redis?.kill("SIGKILL");
  await database.stop();
}
