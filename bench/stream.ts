/**
 * Live streams: events delivered a second and how late, against a bare server that makes one row durable and writes the same frames
 * from memory, in the same run and with the same readers. STREAMS (1,000) of TENANTS (100), EVENTS (1,000) in all each round, ROUNDS (3). First all at once, for the
 * rate; then one at a time, PACE (40) a second, for the latency from before the commit to the reader.
 */
import { spawn } from "node:child_process";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { benchDatabase } from "./database.ts";
import { report } from "./table.ts";

const STREAMS = Number(process.env.STREAMS ?? 1_000);
const TENANTS = Number(process.env.TENANTS ?? 100);
const EVENTS = Number(process.env.EVENTS ?? 1_000);
const PACE = Number(process.env.PACE ?? 40);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const KEY = "bw_test_key_of_the_bench";
/** Events in one transaction where the rate is measured. */
const BATCH = 100;
type Way = "engine" | "bare";

const database = await benchDatabase();
const child = spawn(process.execPath, [fileURLToPath(new URL("./stream-server.ts", import.meta.url)), database.url, KEY], {
  stdio: ["pipe", "pipe", "inherit"],
});
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const ports = JSON.parse((await lines.next()).value!) as { port: number; barePort: number };
const tenants = Array.from({ length: TENANTS }, (_, n) => `bench${n}`);
const tell = (way: Way, whom: readonly string[]): void => void child.stdin.write(`${JSON.stringify({ way, tenants: whom })}\n`);

let delays: number[] = [];
let wanted = 0;
let onAll: () => void = () => undefined;

const MARK = '"at":';

/** Looks only for the moment of each event: a reader should cost little beside what is measured. */
function open(port: number, tenant: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let rest = "";
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () =>
      socket.write(`GET /v1/tenants/${tenant}/events/stream HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${KEY}\r\n\r\n`),
    );
    let open = false;
    socket.setEncoding("latin1");
    socket.on("error", reject).on("data", (text: string) => {
      rest += text;
      if (!open) {
        if (!rest.startsWith("HTTP/1.1 200")) reject(new Error(rest));
        open = true;
        resolve(socket);
      }
      const now = performance.timeOrigin + performance.now();
      let from = 0;
      for (let found = rest.indexOf(MARK); found >= 0; found = rest.indexOf(MARK, from)) {
        const end = rest.indexOf("}", found);
        if (end < 0) break;
        delays.push(now - Number(rest.slice(found + MARK.length, end)));
        from = end;
      }
      rest = rest.slice(Math.max(from, rest.length - 400));
      if (delays.length >= wanted) onAll();
    });
  });
}

async function run(way: Way, pace: number | null): Promise<{ seconds: number; delays: number[] }> {
  const whom = Array.from({ length: pace === null ? EVENTS : Math.min(EVENTS, PACE * 5) }, (_, n) => tenants[n % TENANTS]!);
  delays = [];
  wanted = whom.length * (STREAMS / TENANTS);
  const all = new Promise<void>((resolve) => {
    onAll = resolve;
  });
  const start = performance.now();
  if (pace === null) for (let n = 0; n < whom.length; n += BATCH) tell(way, whom.slice(n, n + BATCH));
  else {
    for (const tenant of whom) {
      tell(way, [tenant]);
      await new Promise((resolve) => setTimeout(resolve, 1_000 / pace));
    }
  }
  await all;
  return { seconds: (performance.now() - start) / 1_000, delays: delays.toSorted((a, b) => a - b) };
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const at = (values: readonly number[], part: number): number => values[Math.floor(part * (values.length - 1))]!;

try {
  for (const tenant of tenants) {
    const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
    await fetch(`http://127.0.0.1:${ports.port}/v1/tenants/${tenant}`, { method: "PUT", headers, body: "{}" });
  }
  const rates: Record<Way, number[]> = { engine: [], bare: [] };
  const late: Record<Way, number[]> = { engine: [], bare: [] };
  const sockets: Socket[] = [];
  let opened = 0;
  for (const way of ["bare", "engine"] as const) {
    const start = performance.now();
    for (let n = 0; n < STREAMS; n += 50) {
      const wave = Array.from({ length: Math.min(50, STREAMS - n) }, (_, k) =>
        open(way === "engine" ? ports.port : ports.barePort, tenants[(n + k) % TENANTS]!),
      );
      sockets.push(...(await Promise.all(wave)));
    }
    if (way === "engine") opened = STREAMS / ((performance.now() - start) / 1_000);
    await run(way, null);
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of ["bare", "engine"] as const) {
      rates[way].push((EVENTS * (STREAMS / TENANTS)) / (await run(way, null)).seconds);
      late[way].push(...(await run(way, PACE)).delays);
    }
  }
  for (const way of ["bare", "engine"] as const) late[way].sort((a, b) => a - b);
  const [bare, engine] = [median(rates.bare), median(rates.engine)];
  const micro = (way: Way, part: number): number => at(late[way], part) * 1_000;
  const row = (way: Way, part: number, what: string) => ({
    what,
    rate: micro(way, part),
    unit: "µs",
    ratio: micro(way, part) / micro("bare", part),
  });
  report("stream", `${STREAMS.toLocaleString("en")} open streams of ${TENANTS} tenants, medians of ${ROUNDS}`, [
    { what: "bare server: a row, then from memory", rate: bare, unit: "deliveries/s", ratio: 1 },
    {
      what: "engine, commit to reader",
      rate: engine,
      unit: "deliveries/s",
      ratio: engine / bare,
      note: `${BATCH} events a commit, one writer`,
    },
    row("bare", 0.5, "bare, latency p50"),
    row("engine", 0.5, "engine, latency p50"),
    row("bare", 0.99, "bare, latency p99"),
    row("engine", 0.99, "engine, latency p99"),
    { what: "engine, streams opened", rate: opened, unit: "streams/s", ratio: 1 },
  ]);
  for (const socket of sockets) socket.destroy();
} finally {
  child.stdin.end();
  await new Promise((resolve) => child.once("close", resolve));
  await database.stop();
}
