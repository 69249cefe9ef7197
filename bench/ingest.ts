/**
 * Ingestion over HTTP, durable before the answer, with dedupe and live rollups of two meters, against a raw COPY of the same
 * events on the same server in the same run. Rounds take turns, so that noise hits each alike; medians count. EVENTS (60,000
 * a round), SINGLES (20,000) and ROUNDS (3) set the sizes.
 */
import { copy } from "./copy.ts";
import { benchDatabase } from "./database.ts";
import { batches, makeEvents, median, setUp, singles, sql, startServer } from "./ingest-setup.ts";
import { type Load, send } from "./load.ts";
import { report } from "./table.ts";

const EVENTS = Number(process.env.EVENTS ?? 60_000);
const SINGLES = Number(process.env.SINGLES ?? 20_000);
const ROUNDS = Number(process.env.ROUNDS ?? 3);

const database = await benchDatabase();
const server = await startServer(database.url);
try {
  await setUp(database.url, server.port);
  // Warm: both processes compile, the statements are planned.
  await send(server.port, batches(makeEvents(10_000), 1_000), 4, 202);
  for (const path of ["/v1/usage", "/bench/naive", "/bench/constant"]) await send(server.port, singles(makeEvents(2_000), path), 64, 202);

  const rates = { copy: [] as number[], batch: [] as number[], constant: [] as number[], naive: [] as number[], single: [] as number[] };
  let last: { batch: Load; single: Load } | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const events = makeEvents(EVENTS);
    rates.copy.push(EVENTS / (await copy(database.url, events)));
    const batch = await send(server.port, batches(events, 1_000), 8, 202);
    rates.batch.push(EVENTS / batch.seconds);
    rates.constant.push(SINGLES / (await send(server.port, singles(makeEvents(SINGLES), "/bench/constant"), 256, 202)).seconds);
    rates.naive.push(SINGLES / 4 / (await send(server.port, singles(makeEvents(SINGLES / 4), "/bench/naive"), 256, 202)).seconds);
    const single = await send(server.port, singles(makeEvents(SINGLES), "/v1/usage"), 256, 202);
    rates.single.push(SINGLES / single.seconds);
    last = { batch, single };
  }
  const [stored] = await sql<{ events: string; rolled: string }>(
    database.url,
    "select (select count(*) from usage_events) as events, (select sum(n) / 2 from usage_rollups) as rolled",
  );
  const sent = 12_000 + ROUNDS * (EVENTS + SINGLES);
  if (Number(stored!.events) !== sent || Number(stored!.rolled) !== sent) throw new Error(`sent ${sent}, found ${JSON.stringify(stored)}`);

  const rate = Object.fromEntries(Object.entries(rates).map(([name, values]) => [name, median(values)])) as Record<
    keyof typeof rates,
    number
  >;
  const times = ({ p50, p99 }: Load): string => `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
  report("ingest", `Ingestion: ${EVENTS.toLocaleString("en")} events a round, medians of ${ROUNDS}`, [
    { what: "COPY into a plain table, 3 indexes", rate: rate.copy, unit: "events/s", ratio: 1, note: "1 connection, one COPY a round" },
    { what: "batches of 1,000 over HTTP", rate: rate.batch, unit: "events/s", ratio: rate.batch / rate.copy, note: times(last!.batch) },
    { what: "a constant answer, 256 connections", rate: rate.constant, unit: "requests/s", ratio: 1 },
    { what: "one insert a request", rate: rate.naive, unit: "requests/s", ratio: rate.naive / rate.constant },
    {
      what: "single events, coalesced",
      rate: rate.single,
      unit: "events/s",
      ratio: rate.single / rate.constant,
      note: `${(rate.single / rate.naive).toFixed(1)} × one insert a request; ${times(last!.single)}`,
    },
  ]);
} finally {
  await server.stop();
  await database.stop();
}
