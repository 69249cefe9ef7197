/** Of the database: the server and its settings, how far its tables are, its clock, the jobs that wait in it, the order of its events. */
import { systemClock } from "../../clock.ts";
import type { Config } from "../../config.ts";
import { readMigrations } from "../../db/migrate.ts";
import { type Database, onPool, type Pool } from "../../db/pool.ts";
import { bad, type Finding, ok, warn } from "./finding.ts";

/** Functions in SQL and views that hold their reader to the policies are not known before. */
const OLDEST = 15;
// A pool of requests, two connections for what is cached, five of the job worker.
const BESIDE_THE_POOL = 7;

export async function serverFindings(pool: Pool, config: Config): Promise<Finding[]> {
  const db = onPool(pool);
  const [row] = await db.query<{ version: string; number: number; encoding: string; size: string }>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
       current_setting('server_encoding') as encoding, pg_size_pretty(pg_database_size(current_database())) as size`,
  );
  const { version, number, encoding, size } = row!;
  const says = `${version}, ${encoding}, ${size} of data`;
  const server =
    number < OLDEST * 10_000
      ? bad("PostgreSQL", says, `Use PostgreSQL ${OLDEST} or newer.`)
      : encoding !== "UTF8"
        ? bad("PostgreSQL", says, "Make a database with the encoding UTF8: other ones cannot hold every name.")
        : ok("PostgreSQL", says);
  return [server, await settingsFinding(db, config)];
}

async function settingsFinding(db: Database, config: Config): Promise<Finding> {
  const rows = await db.query<{ name: string; setting: string }>(
    `select name, setting from pg_settings
     where name in ('fsync', 'full_page_writes', 'synchronous_commit', 'autovacuum', 'max_connections', 'default_transaction_isolation')`,
  );
  const is = Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
  const unsafe = ["fsync", "full_page_writes", "synchronous_commit"].filter((name) => is[name] === "off").map((name) => `${name} = off`);
  if (unsafe.length > 0)
    return bad("settings", unsafe.join(", "), "Turn them on: as it is, what was answered can be lost when the machine stops.");
  if (is.default_transaction_isolation !== "read committed")
    return bad(
      "settings",
      `default_transaction_isolation = ${is.default_transaction_isolation}`,
      "Leave it at read committed, which the engine's locks are made for.",
    );
  const needed = config.databasePoolSize + BESIDE_THE_POOL;
  if (Number(is.max_connections) < needed)
    return warn(
      "settings",
      `max_connections = ${is.max_connections}; one process opens up to ${needed}`,
      "Raise it, or lower DATABASE_POOL_SIZE.",
    );
  if (is.autovacuum === "off") return warn("settings", "autovacuum = off", "Turn it on: rollups are updated in place and leave dead rows.");
  return ok("settings", `durable, ${is.max_connections} connections`);
}

export async function migrationsFinding(pool: Pool): Promise<Finding> {
  const about = "migrations";
  const db = onPool(pool);
  const [table] = await db.query<{ there: boolean }>("select to_regclass('schema_migrations') is not null as there");
  const files = await readMigrations();
  const done = table!.there
    ? await db.query<{ name: string; sha256: string }>("select name, sha256 from schema_migrations order by name")
    : [];
  const known = new Map(files.map(({ name, sha256 }) => [name, sha256]));
  const changed = done.find(({ name, sha256 }) => known.has(name) && known.get(name) !== sha256);
  if (changed) return bad(about, `${changed.name} was changed after it ran`, "Put the released file back; changes go into a new one.");
  const newer = done.filter(({ name }) => !known.has(name));
  if (newer.length > 0)
    return bad(about, `the database knows ${newer.at(-1)!.name}, this Billwright does not`, "Run the newer Billwright that made it.");
  const missing = files.length - done.length;
  if (missing > 0)
    return warn(
      about,
      `${missing} of ${files.length} have not run`,
      "`billwright migrate` runs them, and so does the next start of the engine.",
    );
  return ok(about, `all ${files.length} have run`);
}

const SECOND = 1_000;

export async function clockFinding(pool: Pool): Promise<Finding> {
  const about = "clock";
  const db = onPool(pool);
  // The first query opens the connection; the second one measures.
  await db.query("select clock_timestamp() as at");
  const before = systemClock.now();
  const [row] = await db.query<{ at: number }>("select clock_timestamp() as at");
  const after = systemClock.now();
  // Where in between the database looked is not known.
  const skew = row!.at < before ? row!.at - before : row!.at > after ? row!.at - after : 0;
  const advice = "Let both machines keep their time by NTP: leases of payments and the times of jobs run by the database's clock.";
  const says = `the database is ${Math.abs(skew)} ms ${skew < 0 ? "behind" : "ahead"}`;
  if (Math.abs(skew) > 30 * SECOND) return bad(about, says, advice);
  if (Math.abs(skew) > SECOND) return warn(about, says, advice);
  return ok(about, skew === 0 ? "the same as the database's" : says);
}

const MINUTE = 60;

export async function jobFindings(pool: Pool): Promise<Finding[]> {
  const db = onPool(pool);
  const [row] = await db.query<{ waiting: number; oldest: number; failed: number; retrying: number; error: string | null }>(
    `select count(*) filter (where run_at <= now() and locked_at is null and attempts < max_attempts)::int as waiting,
       coalesce(extract(epoch from now() - min(run_at) filter (where run_at <= now() and locked_at is null and attempts < max_attempts))::int, 0) as oldest,
       count(*) filter (where attempts >= max_attempts)::int as failed,
       count(*) filter (where attempts < max_attempts and last_error is not null)::int as retrying,
       (array_agg(task_identifier || ': ' || split_part(last_error, e'\\n', 1) order by updated_at desc) filter (where last_error is not null))[1] as error
     from graphile_worker.jobs`,
  );
  const { waiting, oldest, failed, retrying, error } = row!;
  const queue =
    oldest > 5 * MINUTE
      ? bad("job queue", `${waiting} wait, the oldest since ${oldest} s`, "Start a worker: `billwright serve`, or --role worker.")
      : oldest > MINUTE
        ? warn("job queue", `${waiting} wait, the oldest since ${oldest} s`, "See that a worker runs, and that it keeps up.")
        : ok("job queue", waiting === 0 ? "nothing waits" : `${waiting} wait, the oldest since ${oldest} s`);
  const advice =
    "The log of the worker has the whole error. Sweeps find their work in the data, so the next run makes up for one that failed.";
  const jobs =
    failed > 0
      ? bad("failed jobs", `${failed} gave up; ${error}`, advice)
      : retrying > 0
        ? warn("failed jobs", `${retrying} failed and will be tried again; ${error}`, advice)
        : ok("failed jobs", "none");
  return [queue, await dueFinding(db), jobs];
}

async function dueFinding(db: Database): Promise<Finding> {
  const [row] = await db.query<{ late: number; oldest: number }>(
    `/* all tenants: whether anybody's bill is late */
     select count(*)::int as late, coalesce(extract(epoch from now() - min(due_at))::int, 0) as oldest
     from subscriptions where test_clock_id is null and due_at < now() - interval '10 minutes'`,
  );
  const { late, oldest } = row!;
  if (late === 0) return ok("due work", "no subscription is late");
  return bad(
    "due work",
    `${late} subscriptions fell due more than 10 minutes ago, the first ${oldest} s`,
    "Start a worker: `billwright serve`, or --role worker.",
  );
}

/** After a restore from a dump, events carry transaction ids that are still to come, and followers would not see them (decision 0004). */
export async function eventOrderFinding(pool: Pool): Promise<Finding> {
  const [row] = await onPool(pool).query<{ ahead: number; place: boolean }>(
    `/* all tenants: the order is everybody's */
     select (select count(*)::int from billing_events where xid >= pg_snapshot_xmax(pg_current_snapshot())) as ahead,
       exists (select 1 from webhook_place where xid > pg_snapshot_xmax(pg_current_snapshot())) as place`,
  );
  if (row!.ahead === 0 && !row!.place) return ok("event order", "no event is of a transaction to come");
  return bad(
    "event order",
    `${row!.ahead > 0 ? `${row!.ahead} events are` : "the place of webhooks is"} of transactions to come: restored from a dump`,
    "Run once, while no engine runs: update billing_events set xid = '0'; update webhook_deliveries set event_xid = '0' where event_xid is not null; update webhook_place set xid = '0', seq = 0; update webhook_endpoints set since = pg_current_snapshot();",
  );
}
