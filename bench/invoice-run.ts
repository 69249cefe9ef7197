/**
 * The invoice run: many subscriptions, one flat and three usage prices each, due at the same instant. The engine's run in
 * chunks, by one and by two worker processes, against a loop that makes one invoice at a time with its own queries, over
 * the same tables, to the same books. SUBSCRIPTIONS (100,000) and NAIVE (2,000) set the sizes.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onPool } from "../engine/src/db/pool.ts";
import { type Billwright, createBillwright } from "../engine/src/engine.ts";
import { benchDatabase } from "./database.ts";
import { naiveRun } from "./invoice-run-naive.ts";
import { report } from "./table.ts";

const COUNT = Number(process.env.SUBSCRIPTIONS ?? 100_000);
const NAIVE = Math.min(COUNT / 2, Number(process.env.NAIVE ?? 2_000));
const NOW = Date.parse("2026-02-01T00:00:00Z");
const WORKER = fileURLToPath(new URL("./invoice-run-worker.ts", import.meta.url));

const database = await benchDatabase();
const billing = await createBillwright({
  database: database.url,
  worker: false,
  config: { logLevel: "error", apiKey: "bench_key_of_the_invoice_run" },
});
try {
  await setUp(billing);
  const naive = await timed(async () => naiveRun(billing.ctx.pool, NAIVE, NOW));
  const naiveRate = NAIVE / naive.seconds;
  const half = Math.floor((COUNT - NAIVE) / 2);
  const one = await workers(1, half);
  const two = await workers(2, null);
  await verify(billing);
  report(
    "invoice-run",
    `Invoice run: ${COUNT.toLocaleString("en")} subscriptions, one flat and three usage prices each (ratio: naive loop = 1)`,
    [
      { what: "one invoice at a time, own queries", rate: naiveRate, unit: "invoices/s", ratio: 1, note: `${NAIVE} invoices` },
      {
        what: "the engine, one worker",
        rate: one.rate,
        unit: "invoices/s",
        ratio: one.rate / naiveRate,
        note: `${one.done} invoices, peak ${one.peakMiB} MiB`,
      },
      {
        what: "the engine, two workers",
        rate: two.rate,
        unit: "invoices/s",
        ratio: two.rate / naiveRate,
        note: `${two.done} invoices, peak ${two.peakMiB} MiB each`,
      },
    ],
    { subscriptions: COUNT },
  );
} finally {
  await billing.close();
  await database.stop();
}

async function workers(count: number, limit: number | null) {
  const children = Array.from({ length: count }, () => {
    const child = spawn(process.execPath, [WORKER, database.url, String(NOW), String(limit ?? "")], { stdio: ["pipe", "pipe", "inherit"] });
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  });
  // Starting a process is not part of the run.
  for (const { lines } of children) await lines.next();
  const { seconds, value } = await timed(async () => {
    for (const { child } of children) child.stdin.write("go\n");
    return Promise.all(
      children.map(async ({ lines }) => JSON.parse((await lines.next()).value ?? "{}") as { done: number; peakMiB: number }),
    );
  });
  for (const { child } of children) if (child.exitCode === null) await once(child, "exit");
  const done = value.reduce((sum, result) => sum + result.done, 0);
  return { done, rate: done / seconds, peakMiB: Math.max(...value.map((result) => result.peakMiB)) };
}

async function timed<T>(work: () => Promise<T>): Promise<{ seconds: number; value: T }> {
  const start = performance.now();
  const value = await work();
  return { seconds: (performance.now() - start) / 1_000, value };
}

// The catalog by the API, the mass by SQL: how subscriptions came to be is not what is measured.
async function setUp({ ctx, app }: Billwright): Promise<void> {
  const tiers = [
    { up_to: 1_000, unit_amount: "2" },
    { up_to: 10_000, unit_amount: "1.5" },
    { up_to: null, unit_amount: "1" },
  ];
  const answer = await app.inject({
    method: "PUT",
    url: "/v1/catalog",
    headers: { authorization: "Bearer bench_key_of_the_invoice_run" },
    payload: {
      meters: ["a", "b", "c"].map((key) => ({ key, event: `event_${key}`, aggregation: "sum" })),
      plans: [
        {
          key: "bench",
          name: "Bench",
          currency: "usd",
          interval: "month",
          prices: [
            { key: "base", type: "flat", amount: 2_900, timing: "in_arrears" },
            { key: "a", type: "usage", meter: "a", model: "graduated", tiers },
            { key: "b", type: "usage", meter: "b", unit_amount: "0.125" },
            { key: "c", type: "usage", meter: "c", model: "package", package_size: 100, unit_amount: "50" },
          ],
        },
      ],
    },
  });
  if (answer.statusCode !== 200) throw new Error(answer.body);
  const db = onPool(ctx.pool);
  await db.query(
    `/* all tenants: set-up */ insert into tenants (id, currency, created_at, updated_at)
     select 't' || n, 'usd', '2026-01-01', '2026-01-01' from generate_series(1, $1::int) n`,
    [COUNT],
  );
  await db.query(
    `/* all tenants: set-up */
     insert into subscriptions (id, tenant_id, plan_key, plan_version, status, currency, seats, processor, gateway, collection, interval_unit, interval_count,
       time_zone, anchor_at, cycle_start, started_at, current_period_start, current_period_end, closed_until, due_at, created_at, updated_at)
     select 'sub_' || lpad(n::text, 26, '0'), 't' || n, 'bench', 1, 'active', 'usd', 1, 'engine', 'sandbox', 'charge_automatically', 'month', 1,
       'UTC', '2026-01-01', '2026-01-01', '2026-01-01', '2026-01-01', '2026-02-01', '2026-01-01', '2026-02-01', '2026-01-01', '2026-01-01'
     from generate_series(1, $1::int) n`,
    [COUNT],
  );
  // Each meter was used in ten hours of the month.
  await db.query(
    `/* all tenants: set-up */
     insert into usage_rollups (tenant_no, meter_no, hour, group_key, n, total)
     select t.no, m.no, extract(epoch from '2026-01-01'::timestamptz)::int / 3600 + h * 70, '', 5, (t.no % 977) * 3 + h
     from tenants t, catalog_items m, generate_series(0, 9) h where m.kind = 'meter'`,
  );
  await ctx.pool.query("vacuum analyze");
}

async function verify({ ctx }: Billwright): Promise<void> {
  const [row] = await onPool(ctx.pool).query<{ invoices: number; numbers: number; gap: boolean; lines: number; wrong: number }>(
    `/* all tenants: the whole books */
     select count(*)::int as invoices, count(distinct number)::int as numbers, (select last from invoice_series) <> count(*) as gap,
       (select count(*)::int from invoice_lines) as lines,
       (select count(*)::int from invoices i where total <> (select sum(amount) from invoice_lines l where l.invoice_id = i.id)) as wrong
     from invoices`,
  );
  if (row!.invoices !== COUNT || row!.numbers !== COUNT || row!.gap || row!.lines !== 4 * COUNT || row!.wrong !== 0) {
    throw new Error(`the books are wrong: ${JSON.stringify(row)}`);
  }
}
