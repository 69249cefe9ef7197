/**
 * What telling others of new events costs the writers: transactions that write one event each, on many connections at once,
 * with nobody told, with NOTIFY in the transaction, and with NOTIFY after it, told as one within 10 ms. One connection listens.
 * Rounds take turns; medians count. TRANSACTIONS (4,000 a round), CONNECTIONS (16) and ROUNDS (3) set the sizes.
 */
import pg from "pg";
import { createBillwright } from "../engine/src/engine.ts";
import { postgresWake } from "../engine/src/events/postgres-wake.ts";
import { benchDatabase } from "./database.ts";
import { report } from "./table.ts";

const TRANSACTIONS = Number(process.env.TRANSACTIONS ?? 4_000);
const CONNECTIONS = Number(process.env.CONNECTIONS ?? 16);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const INSERT =
  "insert into billing_events (id, tenant_id, type, summary, data, source, occurred_at) values ('evt_bench', 'bench', 'usage.aggregated', 'A bench.', '{}', 'engine', '2026-01-01')";

const database = await benchDatabase();
const billing = await createBillwright({ database: database.url, worker: false, config: { logLevel: "error", rateLimit: 10_000_000 } });
const pool = new pg.Pool({ connectionString: database.url, max: CONNECTIONS });
// The pool's end does not wait for its connections', so that the server's end may reach them.
pool.on("error", () => undefined);
const wake = postgresWake(billing.ctx.pool, database.url, () => undefined);
let heard = 0;
const stop = wake.listen(() => {
  heard += 1;
});

async function write(statement: string, after: () => void): Promise<number> {
  const start = performance.now();
  let left = TRANSACTIONS;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const client = await pool.connect();
      while (left-- > 0) {
        await client.query("begin");
        await client.query(statement);
        await client.query("commit");
        after();
      }
      client.release();
    }),
  );
  return (TRANSACTIONS / (performance.now() - start)) * 1_000;
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

try {
  const nothing = (): void => undefined;
  const rates = { silent: [] as number[], within: [] as number[], after: [] as number[] };
  const words = { within: 0, after: 0 };
  await write(INSERT, nothing);
  for (let round = 0; round < ROUNDS; round++) {
    rates.silent.push(await write(INSERT, nothing));
    heard = 0;
    rates.within.push(await write(`${INSERT}; notify billwright_events`, nothing));
    words.within = heard;
    heard = 0;
    rates.after.push(await write(INSERT, () => wake.ring()));
    words.after = heard;
  }
  const [silent, within, after] = [median(rates.silent), median(rates.within), median(rates.after)];
  report("wake", `Commits of one event, ${CONNECTIONS} connections, medians of ${ROUNDS}`, [
    { what: "nobody told", rate: silent, unit: "commits/s", ratio: 1 },
    { what: "NOTIFY in the transaction", rate: within, unit: "commits/s", ratio: within / silent, note: `${words.within} words heard` },
    { what: "NOTIFY after it, as one", rate: after, unit: "commits/s", ratio: after / silent, note: `${words.after} words heard` },
  ]);
} finally {
  stop();
  await wake.close();
  await pool.end();
  await billing.close();
  await database.stop();
}
