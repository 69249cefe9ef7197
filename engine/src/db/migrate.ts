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
    for (const { name, sql, sha256 } of await readMigrations()) {
      const before = known.get(name);
      if (before !== undefined) {
        if (before !== sha256) throw new Error(`Migration ${name} was changed after it ran. Migrations only go forward: add a new file.`);
        continue;
      }
      await connection.query("begin");
      try {
        await connection.query(sql);
        await connection.query("insert into schema_migrations (name, sha256) values ($1, $2)", [name, sha256]);
        await connection.query("commit");
      } catch (error) {
        await connection.query("rollback");
        throw new Error(`Migration ${name} failed: ${(error as Error).message}`, { cause: error });
      }
      ran.push(name);
    }
    await runMigrations({ connectionString });
  } finally {
    await connection.query("select pg_advisory_unlock($1)", [LOCK]).catch(() => undefined);
    await connection.end();
  }
  return ran;
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
