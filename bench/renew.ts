/**
 * Renewal day: subscriptions that all fall due at one instant, each billing what was used and the month to come (a fee, seats,
 * two usage prices); of a hundred, two were canceled to this day, two end their trial, two change plan. Worker processes
 * against a plain loop that renews one at a time with its own queries, and a fifth of the number against all of it, for the
 * memory that a worker holds on to must not grow with what is due. `--subscriptions` (100,000), `--workers` (2), `--loop` (1,000).
 */
import { parseArgs } from "node:util";
import { verifyBooks } from "../engine/src/cli/verify/books.ts";
import { onPool, openPool } from "../engine/src/db/pool.ts";
import type { Billwright } from "../engine/src/engine.ts";
import { benchDatabase } from "./database.ts";
import { oneByOne } from "./due-loop.ts";
import { addDue, NOW, openEngine, putCatalog } from "./due-setup.ts";
import { runWorkers, timed, type Work } from "./due-workers.ts";
import { sql } from "./ingest-setup.ts";
import { report } from "./table.ts";

const COUNT = given("subscriptions", 100_000);
const WORKERS = given("workers", 2);
const LOOP = given("loop", Math.min(1_000, COUNT));

const database = await benchDatabase();
try {
  const loop = await onSide("one_by_one", async (engine) => {
    await addDue(engine, LOOP, 5);
    await sql(engine.databaseUrl, "vacuum analyze");
    return LOOP / (await timed(() => oneByOne(engine.ctx.pool, LOOP, NOW))).seconds;
  });
  const fifth = await onSide("a_fifth", (engine, url) => renew(engine, url, Math.ceil(COUNT / 5)));
  const all = await onSide("all_of_it", (engine, url) => renew(engine, url, COUNT));
  const row = (work: Work) => ({
    what: `the engine, ${WORKERS} workers, ${work.done.toLocaleString("en")} due`,
    rate: work.rate,
    unit: "renewals/s",
    ratio: work.rate / loop,
    note: `a worker: peak ${work.peakMiB} MiB resident, ${work.keptMiB} MiB kept`,
  });
  report(
    "renew",
    `Renewal of ${COUNT.toLocaleString("en")} subscriptions at one instant (ratio: the plain loop = 1)`,
    [
      { what: "one subscription at a time, own queries", rate: loop, unit: "renewals/s", ratio: 1, note: `${LOOP} of them` },
      row(fifth),
      row(all),
    ],
    {
      subscriptions: COUNT,
      workers: WORKERS,
      peakAgainstAFifth: all.peakMiB / fifth.peakMiB,
      keptAgainstAFifth: all.keptMiB / fifth.keptMiB,
    },
  );
  console.log("\nThe books of both were verified: every check of `billwright verify`, and numbers without a gap.");
} finally {
  await database.stop();
}

async function onSide<T>(name: string, work: (engine: Billwright, url: string) => Promise<T>): Promise<T> {
  await sql(database.url, `create database ${name}`);
  const url = new URL(database.url);
  url.pathname = `/${name}`;
  const engine = await openEngine(url.href);
  try {
    const prices = (base: number) => [
      { key: "base", type: "flat", amount: base },
      { key: "seats", type: "seat", unit_amount: "900", included: 3 },
      {
        key: "a",
        type: "usage",
        meter: "a",
        model: "graduated",
        tiers: [
          { up_to: 1_000, unit_amount: "2" },
          { up_to: null, unit_amount: "1.5" },
        ],
      },
      { key: "b", type: "usage", meter: "b", unit_amount: "0.125" },
    ];
    const plan = { currency: "usd", interval: "month" };
    await putCatalog(
      engine,
      ["a", "b"],
      [
        { ...plan, key: "bench", name: "Bench", prices: prices(2_900) },
        { ...plan, key: "larger", name: "Larger", prices: prices(4_900) },
      ],
    );
    return await work(engine, url.href);
  } finally {
    await engine.close();
    await sql(database.url, `drop database ${name} with (force)`);
  }
}

async function renew(engine: Billwright, url: string, count: number): Promise<Work> {
  const setUp = await timed(async () => {
    await addDue(engine, count, 5);
    await mix(engine);
    await sql(engine.databaseUrl, "vacuum analyze");
  });
  say(count, "due, set up", setUp.seconds);
  const { seconds, value: work } = await timed(() => runWorkers(url, NOW, WORKERS, null));
  say(count, "renewed", seconds);
  if (work.done !== count) throw new Error(`${count} were due, and ${work.done} moved`);
  const proof = await timed(() => verify(engine, count));
  say(count, "verified", proof.seconds);
  return work;
}

/** A run of the whole takes minutes: what it is at. */
function say(count: number, what: string, seconds: number): void {
  console.log(`${count.toLocaleString("en")} ${what} in ${seconds.toFixed(0)} s`);
}

/** Two of a hundred each: canceled to the end of the period, at the end of a trial, about to change plan. */
async function mix({ ctx }: Billwright): Promise<void> {
  const db = onPool(ctx.pool);
  const nth = "right(tenant_id, 2)::text = any($1)";
  const change = { plan: "larger", plan_version: 1, seats: null };
  await db.query(`/* all tenants: set-up */ update subscriptions set cancel_at = current_period_end where ${nth}`, [["03", "53"]]);
  await db.query(
    `/* all tenants: set-up */ update subscriptions set status = 'trialing', trial_end = current_period_end, cycle_start = current_period_end,
       anchor_at = current_period_end, trial_warned = true where ${nth}`,
    [["17", "67"]],
  );
  await db.query(`/* all tenants: set-up */ update subscriptions set scheduled_change = $2 where ${nth}`, [["29", "79"], change]);
}

async function verify({ ctx, databaseUrl }: Billwright, count: number): Promise<void> {
  const owner = openPool(databaseUrl, 2, () => undefined, "owner");
  const verdicts = await verifyBooks(owner, { tenantId: null, usage: "none", limit: 3 }, () => undefined).finally(() => owner.end());
  const wrong = verdicts.filter((verdict) => verdict.wrong > 0);
  if (wrong.length > 0) throw new Error(`the books are wrong: ${JSON.stringify(wrong)}`);
  const [row] = await onPool(ctx.pool).query<Record<string, number | boolean>>(
    `/* all tenants: the whole books */
     select (select count(*)::int from invoices) as invoices,
       (select count(*) = max(substring(number from '[0-9]+$')::int) and count(distinct number) = count(*) from invoices) as gapless,
       (select count(*)::int from subscriptions where due_at <= $1) as due, count(*) filter (where status = 'canceled')::int as canceled,
       count(*) filter (where status = 'active' and current_period_start = $1)::int as renewed
     from subscriptions`,
    [new Date(NOW).toISOString()],
  );
  const { invoices, gapless, due, canceled, renewed } = row!;
  if (invoices !== count || !gapless || due !== 0 || Number(canceled) + Number(renewed) !== count) {
    throw new Error(`of ${count} subscriptions: ${JSON.stringify(row)}`);
  }
}

function given(name: string, otherwise: number): number {
  const options = { subscriptions: { type: "string" }, workers: { type: "string" }, loop: { type: "string" } } as const;
  // What stands before is the name of the benchmark.
  const { values } = parseArgs({ options, allowPositionals: true });
  const text = values[name as keyof typeof values];
  if (text === undefined) return otherwise;
  if (!/^[1-9]\d{0,7}$/.test(text)) throw new Error(`--${name} must be a whole number above 0, and not ${text}`);
  return Number(text);
}
