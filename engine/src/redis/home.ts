/** Where in a Redis the keys of this engine are: engines that share a Redis share keys if and only if they share a database. */
import { onPlatform, type Pool } from "../db/pool.ts";

/** Of the cluster that counts the transactions and the database in it, since places in the order of events are made of both. The braces keep all in one slot. */
export async function findHome(pool: Pool): Promise<string> {
  const [row] = await onPlatform(pool).query<{ system: string; database: string }>(
    `/* no tenant: which database this is */ select (select system_identifier::text from pg_control_system()) as system,
       (select oid::text from pg_database where datname = current_database()) as database`,
  );
  return `{billwright:${BigInt(row!.system).toString(36)}:${row!.database}}`;
}
