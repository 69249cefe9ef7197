/**
 * Ingestion and period totals as the table grows: the same batches over HTTP at SMALL (1,000,000) and LARGE (10,000,000) stored
 * events, and the totals of one day for every tenant and meter, while all that makes one larger lies in other days. Two databases
 * on one server take turns, so that noise hits each alike; medians count.
 */
import { createCatalogCache } from "../engine/src/billing/catalog/catalog-cache.ts";
import { readQuantities } from "../engine/src/billing/usage/quantity.ts";
import { onPool, openPool, type Pool } from "../engine/src/db/pool.ts";
import { benchDatabase } from "./database.ts";
import { batches, makeEvents, median, type Server, setUp, sql, startServer, TENANTS } from "./ingest-setup.ts";
import { send } from "./load.ts";
import { report } from "./table.ts";

const SMALL = Number(process.env.SMALL ?? 1_000_000);
const LARGE = Number(process.env.LARGE ?? 10_000_000);
const EVENTS = Number(process.env.EVENTS ?? 40_000);
const WARM = Number(process.env.WARM ?? 250_000);
const ROUNDS = Number(process.env.ROUNDS ?? 7);
const HOUR = 3_600_000;
const NOW = Math.floor(Date.now() / HOUR) * HOUR;

interface Side {
  name: string;
  url: string;
  server: Server;
  pool: Pool;
  ingest: number[];
  totals: number[];
  wal: number;
}

const database = await benchDatabase();
const sides: Side[] = [];
try {
  for (const count of [SMALL, LARGE]) {
    const side = await openSide(`stored_${count}`, `${(count / 1e6).toLocaleString("en")}M stored events`);
    sides.push(side);
    // The last two days are the same in both; what makes one large lies in the month before them.
    await fill(side.url, 0, SMALL, 0, 48);
    await fill(side.url, SMALL, count, 48, 31 * 24);
    // A page that is written for the first time after a checkpoint is logged whole. A server at work has that behind it: a checkpoint
    // comes after millions of events, and some 60,000 pages.
    await send(side.server.port, batches(makeEvents(WARM), 1_000), 8, 202);
  }
  for (let round = 0; round < ROUNDS; round++) for (const side of sides) await measure(side);
  const [small, large] = sides as [Side, Side];
  const rows = (what: string, unit: string, of: (side: Side) => number[], note: (side: Side) => string) =>
    [small, large].map((side) => ({
      what: `${what}, ${side.name}`,
      rate: median(of(side)),
      unit,
      ratio: median(of(side)) / median(of(small)),
      note: note(side),
    }));
  report("growth", "Growth: batches of 1,000 over HTTP, and totals of one day (ratio: against the small table)", [
    ...rows(
      "batches",
      "events/s",
      (side) => side.ingest,
      (side) => `${Math.round(side.wal / (ROUNDS * EVENTS))} bytes of WAL an event`,
    ),
    ...rows(
      "day totals",
      "totals/s",
      (side) => side.totals,
      () => "",
    ),
  ]);
} finally {
  for (const { pool, server } of sides) await pool.end().then(server.stop);
  await database.stop();
}

async function openSide(key: string, name: string): Promise<Side> {
  await sql(database.url, `create database ${key}`);
  const url = new URL(database.url);
  url.pathname = `/${key}`;
  const server = await startServer(url.href);
  await setUp(url.href, server.port);
  return { name, url: url.href, server, pool: openPool(url.href, 2, () => undefined), ingest: [], totals: [], wal: 0 };
}

/** Events `from` to `to` of a made-up past, in the hours before now, with their rollups. */
async function fill(url: string, from: number, to: number, newest: number, oldest: number): Promise<void> {
  const chunk = 500_000;
  for (let at = from; at < to; at += chunk) {
    await sql(
      url,
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
  await sql(url, "vacuum analyze usage_events");
  await sql(url, "vacuum analyze usage_rollups");
  await sql(url, "checkpoint");
}

async function measure(side: Side): Promise<void> {
  const requests = batches(makeEvents(EVENTS), 1_000);
  const wal = await walPosition();
  side.ingest.push(EVENTS / (await send(side.server.port, requests, 8, 202)).seconds);
  side.wal += (await walPosition()) - wal;
  const { meters } = await createCatalogCache(side.pool).current();
  const asks = [...meters.values()].flatMap((meter) =>
    Array.from({ length: TENANTS }, (_, i) => ({ tenantNo: i + 1, meter, start: NOW - 30 * HOUR, end: NOW - 6 * HOUR })),
  );
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    await readQuantities(onPool(side.pool), asks);
    side.totals.push(asks.length / ((performance.now() - start) / 1_000));
  }
}

async function walPosition(): Promise<number> {
  const [row] = await sql<{ at: string }>(database.url, "select pg_current_wal_lsn() - '0/0'::pg_lsn as at");
  return Number(row!.at);
}
