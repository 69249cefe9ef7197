/**
 * The invoice run: many subscriptions, one flat and three usage prices each, due at the same instant. The engine's run in
 * chunks, by one and by two worker processes, against a loop that makes one invoice at a time with its own queries, over
 * the same tables, to the same books. SUBSCRIPTIONS (100,000) and NAIVE (2,000) set the sizes.
 */

import { onPool } from "../engine/src/db/pool.ts";
import type { Billwright } from "../engine/src/engine.ts";
import { benchDatabase } from "./database.ts";
import { oneByOne } from "./due-loop.ts";
import { addDue, NOW, openEngine, putCatalog } from "./due-setup.ts";
import { runWorkers, timed } from "./due-workers.ts";
import { sql } from "./ingest-setup.ts";
import { report } from "./table.ts";

const COUNT = Number(process.env.SUBSCRIPTIONS ?? 100_000);
const NAIVE = Math.min(COUNT / 2, Number(process.env.NAIVE ?? 2_000));

const database = await benchDatabase();
const billing = await openEngine(database.url);
try {
  await setUp(billing);
  const naive = await timed(async () => oneByOne(billing.ctx.pool, NAIVE, NOW));
  const naiveRate = NAIVE / naive.seconds;
  const half = Math.floor((COUNT - NAIVE) / 2);
  const one = await runWorkers(database.url, NOW, 1, half);
  const two = await runWorkers(database.url, NOW, 2, null);
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

async function setUp(engine: Billwright): Promise<void> {
  const tiers = [
    { up_to: 1_000, unit_amount: "2" },
    { up_to: 10_000, unit_amount: "1.5" },
    { up_to: null, unit_amount: "1" },
  ];
  await putCatalog(
    engine,
    ["a", "b", "c"],
    [
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
  );
  await addDue(engine, COUNT);
  await sql(engine.databaseUrl, "vacuum analyze");
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
