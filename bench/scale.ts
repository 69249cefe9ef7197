/**
 * Single usage events over 1, 2 and 4 API processes on one PostgreSQL, beside the same number of processes that only answer: the ratio to one process
 * of the engine says what another adds, as far as this machine has CPUs for it and for the load. SINGLES (8,000 a round) and ROUNDS (3).
 */
import { availableParallelism } from "node:os";
import { benchDatabase } from "./database.ts";
import { makeEvents, median, setUp, singles, sql, startServer } from "./ingest-setup.ts";
import { send } from "./load.ts";
import { report } from "./table.ts";

const SINGLES = Number(process.env.SINGLES ?? 8_000);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const CONNECTIONS = 256;
const SIZES = [1, 2, 4] as const;

const database = await benchDatabase();
const processes = [await startServer(database.url)];
try {
  await setUp(database.url, processes[0]!.port);
  while (processes.length < SIZES.at(-1)!) processes.push(await startServer(database.url));
  const across = async (count: number, path: string, events: number) => {
    const started = performance.now();
    await Promise.all(
      processes.slice(0, count).map(({ port }) => send(port, singles(makeEvents(events / count), path), CONNECTIONS / count, 202)),
    );
    return events / ((performance.now() - started) / 1_000);
  };
  await across(4, "/v1/usage", 4_000);
  await across(4, "/bench/constant", 4_000);
  const rates = new Map(SIZES.map((size) => [size, { usage: [] as number[], constant: [] as number[] }]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const size of SIZES) {
      rates.get(size)!.constant.push(await across(size, "/bench/constant", SINGLES));
      rates.get(size)!.usage.push(await across(size, "/v1/usage", SINGLES));
    }
  }
  const sent = 4_000 + ROUNDS * SIZES.length * SINGLES;
  const [stored] = await sql<{ events: string }>(database.url, "select count(*) as events from usage_events");
  if (Number(stored!.events) !== sent) throw new Error(`sent ${sent}, found ${stored!.events}`);
  const one = median(rates.get(1)!.usage);
  report(
    "scale",
    `Single usage events over several API processes, ${CONNECTIONS} connections, ${availableParallelism()} CPUs for them, PostgreSQL and the load`,
    SIZES.map((size) => {
      const [usage, constant] = [median(rates.get(size)!.usage), median(rates.get(size)!.constant)];
      return {
        what: `${size} API process${size > 1 ? "es" : ""}`,
        rate: usage,
        unit: "events/s",
        ratio: usage / one,
        note: `${(usage / constant).toFixed(2)} of a constant answer (${Math.round(constant).toLocaleString("en")}/s)`,
      };
    }),
  );
} finally {
  await Promise.all(processes.map((server) => server.stop()));
  await database.stop();
}
