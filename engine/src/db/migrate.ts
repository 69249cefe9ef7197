/** Plain numbered SQL files, forward only, each in its own transaction, under one lock. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { runMigrations } from "graphile-worker";
import pg from "pg";

const FOLDER = fileURLToPath(new URL("../../migrations/", import.meta.url));
// Any constant will do; it names the lock that lets one process migrate at a time.
const LOCK = 4_400_001;

/** Brings the database up to date and answers the names of the files that ran. Safe from several processes at once. */
export async function migrate(connectionString: string): Promise<string[]> {
  const ran: string[] = [];
  // As who owns the tables; what ends the connection from outside fails the query that runs on it.
  const connection = new pg.Client({ connectionString, application_name: "billwright migrate" });
  connection.on("error", () => undefined);
  await connection.connect();
  try {
    await connection.query("select pg_advisory_lock($1)", [LOCK]);
    await connection.query(
      "create table if not exists schema_migrations (name text primary key, sha256 text not null, ran_at timestamptz not null default now())",
    );
    const done = await connection.query<{ name: string; sha256: string }>("select name, sha256 from schema_migrations");
    const known = new Map(done.rows.map((row) => [row.name, row.sha256]));
    const own = await readMigrations();
    const newer = [...known.keys()].filter((name) => !own.some((one) => one.name === name));
    if (newer.length > 0)
      throw new Error(
        `The database is newer than this program: it has had ${newer.join(", ")}. Start the version that made it so, or a later one.`,
      );
    for (const { name, sql, sha256 } of own) {
      const before = known.get(name);
      if (before !== undefined) {
        if (before !== sha256) throw new Error(`Migration ${name} was changed after it ran. Migrations only go forward: add a new file.`);
        continue;
      }
      await runOne(connection, { name, sql, sha256 });
      ran.push(name);
    }
    await runMigrations({ connectionString });
  } finally {
    await connection.query("select pg_advisory_unlock($1)", [LOCK]).catch(() => undefined);
    await connection.end();
  }
  return ran;
}

// Whoever waits for a table behind a long transaction has everybody else wait behind it: rather step back, and try again.
const PATIENCE_MS = 3_000;
const TRIES = 20;
const LOCKED = "55P03";

async function runOne(connection: pg.Client, { name, sql, sha256 }: Migration): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await connection.query("begin");
    try {
      await connection.query(`set local lock_timeout = ${PATIENCE_MS}`);
      await connection.query(sql);
      await connection.query("insert into schema_migrations (name, sha256) values ($1, $2)", [name, sha256]);
      await connection.query("commit");
      return;
    } catch (error) {
      await connection.query("rollback");
      if ((error as { code?: string }).code === LOCKED && attempt < TRIES) continue;
      throw new Error(`Migration ${name} failed: ${(error as Error).message}`, { cause: error });
    }
  }
}

/** Those of this program that the database has not had. */
export async function missingMigrations(connectionString: string): Promise<string[]> {
  const connection = new pg.Client({ connectionString, application_name: "billwright readiness", connectionTimeoutMillis: 3_000 });
  connection.on("error", () => undefined);
  await connection.connect();
  try {
    const done = await connection.query<{ name: string }>("select name from schema_migrations");
    const had = new Set(done.rows.map((row) => row.name));
    return (await readMigrations()).map(({ name }) => name).filter((name) => !had.has(name));
  } finally {
    await connection.end();
  }
}

export interface Migration {
  name: string;
  sql: string;
  sha256: string;
}

/** The files, in the order in which they run. */
export async function readMigrations(): Promise<Migration[]> {
  const names = (await readdir(FOLDER)).filter((file) => /^\d{4}_.*\.sql$/.test(file)).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(`${FOLDER}${name}`, "utf8");
      return { name, sql, sha256: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}
