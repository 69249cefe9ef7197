/** SQL of test clocks. */
import { formatInstant, type Instant } from "../billing/time/instant.ts";
import type { Tx } from "../commit.ts";
import type { Database, Pool } from "../db/pool.ts";

export interface TestClockRow {
  id: string;
  name: string;
  now_at: Instant;
  created_at: Instant;
}

export async function insertClock(tx: Tx, row: { id: string; name: string; now: Instant }): Promise<void> {
  await tx.query("insert into test_clocks (id, name, now_at, created_at) values ($1, $2, $3, $4)", [
    row.id,
    row.name,
    formatInstant(row.now),
    formatInstant(tx.ctx.clock.now()),
  ]);
}

export async function findClock(db: Database, id: string): Promise<TestClockRow | null> {
  const rows = await db.query<TestClockRow>("select id, name, now_at, created_at from test_clocks where id = $1", [id]);
  return rows[0] ?? null;
}

export async function listClocks(db: Database, before: string | null, limit: number): Promise<TestClockRow[]> {
  return db.query("select id, name, now_at, created_at from test_clocks where ($1::text is null or id < $1) order by id desc limit $2", [
    before,
    limit,
  ]);
}

export async function setClock(tx: Tx, id: string, now: Instant): Promise<void> {
  await tx.query("update test_clocks set now_at = $2 where id = $1", [id, formatInstant(now)]);
  tx.afterCommit(() => tx.ctx.entitlements.forgetClock(id));
}

/** False where tenants are still on it: their past would lose its clock. */
export async function deleteClock(tx: Tx, id: string): Promise<boolean> {
  const rows = await tx.query(
    `/* all tenants: none may be on it */
     delete from test_clocks c where id = $1 and not exists (select 1 from tenants t where t.test_clock_id = c.id) returning id`,
    [id],
  );
  return rows.length > 0;
}

/** One advance of a clock at a time, over all processes. null: another one is under way. */
export async function lockForAdvance(pool: Pool, id: string): Promise<(() => Promise<void>) | null> {
  const connection = await pool.connect();
  try {
    const { rows } = await connection.query<{ ok: boolean }>("select pg_try_advisory_lock(hashtextextended($1, 4400)) as ok", [id]);
    if (!rows[0]?.ok) {
      connection.release();
      return null;
    }
  } catch (error) {
    connection.release(error as Error);
    throw error;
  }
  return async () => {
    await connection.query("select pg_advisory_unlock(hashtextextended($1, 4400))", [id]);
    connection.release();
  };
}
