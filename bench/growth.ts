/**
 * Ingestion and period totals as the table grows: the same batches over HTTP at SMALL (1,000,000) and LARGE (10,000,000) stored
 * events, and the totals of the last day for every tenant and meter, while all that is added lies in other days.
 */
import { createCatalogCache } from "../engine/src/billing/catalog/catalog-cache.ts";
import { readQuantities } from "../engine/src/billing/usage/quantity.ts";
import { onPool, openPool } from "../engine/src/db/pool.ts";
import { benchDatabase } from "./database.ts";
import { batches, makeEvents, median, setUp, sql, startServer, TENANTS } from "./ingest-setup.ts";
import { send } from "./load.ts";
import { report } from "./table.ts";

const SMALL = Number(process.env.SMALL ?? 1_000_000);
const LARGE = Number(process.env.LARGE ?? 10_000_000);
const EVENTS = Number(process.env.EVENTS ?? 40_000);
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const HOUR = 3_600_000;
const NOW = Math.floor(Date.now() / HOUR) * HOUR;

const database = await benchDatabase();
const server = await startServer(database.url);
const pool = openPool(database.url, 2, () => undefined);
try {
  await setUp(database.url, server.port);
  // The last two days are the same in both; what makes it large lies in the month before them.
  await fill(0, SMALL, 0, 48);
  const small = await measure();
  await fill(SMALL, LARGE, 48, 31 * 24);
  const large = await measure();
  const name = (count: number): string => `${(count / 1e6).toLocaleString("en")}M stored events`;
  report("growth", "Growth: batches of 1,000 over HTTP, and totals of one day (ratio: against the small table)", [
    { what: `batches, ${name(SMALL)}`, rate: small.ingest, unit: "events/s", ratio: 1, note: `${small.wal} bytes of WAL an event` },
    {
      what: `batches, ${name(LARGE)}`,
      rate: large.ingest,
      unit: "events/s",
      ratio: large.ingest / small.ingest,
      note: `${large.wal} bytes of WAL an event`,
    },
    { what: `day totals, ${name(SMALL)}`, rate: small.totals, unit: "totals/s", ratio: 1 },
    { what: `day totals, ${name(LARGE)}`, rate: large.totals, unit: "totals/s", ratio: large.totals / small.totals },
  ]);
} finally {
  await pool.end();
  await server.stop();
  await database.stop();
}

/** Events `from` to `to` of a made-up past, in the hours before now, with their rollups. */
async function fill(from: number, to: number, newest: number, oldest: number): Promise<void> {
  const chunk = 500_000;
  for (let at = from; at < to; at += chunk) {
    await sql(
      database.url,
      `with made as materialized (
         select 1 + (random() * (${TENANTS} - 1))::int as tenant_no, gen_random_uuid() as identity, i as seq,
           to_timestamp(${NOW / 1_000} - (${newest} + random() * ${oldest - newest}) * 3600) as at, (random() * 5000)::int as tokens
         from generate_series(${at}, ${Math.min(at + chunk, to) - 1}) i
       ), stored as (
         insert into usage_events
         select tenant_no, identity, seq, at, at, 'llm_request', identity::text, 1,
           jsonb_build_object('model', 'gpt-4o', 'region', 'eu-west-1', 'input_tokens', tokens)
         from made order by made.tenant_no, made.identity
       )
       insert into usage_rollups as r (tenant_no, meter_no, hour, group_key, n, total, low, high)
       select tenant_no, m.no, floor(extract(epoch from at) / 3600)::int, '', count(*),
         sum(tokens) filter (where m.key = 'tokens'), min(tokens) filter (where m.key = 'tokens'), max(tokens) filter (where m.key = 'tokens')
       from made cross join catalog_items m where m.kind = 'meter' group by 1, 2, 3 order by 1, 2, 3
       on conflict (tenant_no, meter_no, hour, group_key) do update set n = r.n + excluded.n, total = r.total + excluded.total,
         low = least(r.low, excluded.low), high = greatest(r.high, excluded.high)`,
    );
  }
  await sql(database.url, "vacuum analyze usage_events");
  await sql(database.url, "vacuum analyze usage_rollups");
  await sql(database.url, "checkpoint");
}

async function measure(): Promise<{ ingest: number; wal: number; totals: number }> {
  // Pages that are written for the first time after a checkpoint are logged whole; a server at work has most of that behind it.
  await send(server.port, batches(makeEvents(EVENTS), 1_000), 8, 202);
  const ingest: number[] = [];
  const wal = await walPosition();
  for (let round = 0; round < ROUNDS; round++)
    ingest.push(EVENTS / (await send(server.port, batches(makeEvents(EVENTS), 1_000), 8, 202)).seconds);
  const written = (await walPosition()) - wal;
  const { meters } = await createCatalogCache(pool).current();
  const asks = [...meters.values()].flatMap((meter) =>
    Array.from({ length: TENANTS }, (_, i) => ({ tenantNo: i + 1, meter, start: NOW - 30 * HOUR, end: NOW - 6 * HOUR })),
  );
  const totals: number[] = [];
  for (let round = 0; round < ROUNDS * 2; round++) {
    const start = performance.now();
    await readQuantities(onPool(pool), asks);
    totals.push(asks.length / ((performance.now() - start) / 1_000));
  }
  return { ingest: median(ingest), wal: Math.round(written / (ROUNDS * EVENTS)), totals: median(totals) };
}

async function walPosition(): Promise<number> {
  const [row] = await sql<{ at: string }>(database.url, "select pg_current_wal_lsn() - '0/0'::pg_lsn as at");
  return Number(row!.at);
}
