/** SQL of when tenants without a subscription get the credits of the default plan. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { formatInstant, type Instant } from "../time/instant.ts";

export interface FreeCycle {
  tenant_id: string;
  anchor_at: Instant;
  time_zone: string;
  currency: string | null;
  /** The tenant's now. */
  at: Instant;
  subscribed: boolean;
}

const CYCLE = `f.tenant_id, f.anchor_at, t.time_zone, t.currency,
  exists (select 1 from subscriptions s where s.tenant_id = f.tenant_id and s.status not in ('canceled', 'expired')) as subscribed`;

/** For tenants that have none; null: for all of them. Counted from when each was made, by its own clock. */
export async function beginCycles(tx: Tx, tenantId: string | null): Promise<void> {
  await tx.query(
    `/* all tenants: those of a catalog that has just begun to grant credits to everybody */
     insert into free_credit_cycles (tenant_id, test_clock_id, anchor_at, due_at)
     select t.id, t.test_clock_id, least(t.created_at, coalesce(c.now_at, t.created_at)), least(t.created_at, coalesce(c.now_at, t.created_at))
     from tenants t left join test_clocks c on c.id = t.test_clock_id
     where ($1::text is null or t.id = $1) and t.erased_at is null
       and not exists (select 1 from free_credit_cycles f where f.tenant_id = t.id) on conflict (tenant_id) do nothing`,
    [tenantId],
  );
}

/** The tenant was put on another clock before anything was counted by it. */
export async function moveCycle(tx: Tx, tenantId: string): Promise<void> {
  await tx.query(
    `update free_credit_cycles f set test_clock_id = t.test_clock_id, anchor_at = c.now_at, due_at = c.now_at
     from tenants t join test_clocks c on c.id = t.test_clock_id
     where t.id = f.tenant_id and f.tenant_id = $1 and f.test_clock_id is distinct from t.test_clock_id`,
    [tenantId],
  );
}

/** Locked; others' are passed over. */
export async function lockDueCycles(tx: Tx, due: Instant, testClockId: string | null, limit: number): Promise<FreeCycle[]> {
  const clock = testClockId === null ? "f.test_clock_id is null and $3::text is null" : "f.test_clock_id = $3";
  return tx.query<FreeCycle>(
    `/* all tenants: the sweep works for everybody, or for one test clock */
     select ${CYCLE}, $1::timestamptz as at from free_credit_cycles f join tenants t on t.id = f.tenant_id
     where f.due_at <= $1 and ${clock} order by f.due_at, f.tenant_id limit $2 for update of f skip locked`,
    [formatInstant(due), limit, testClockId],
  );
}

/** One tenant's, if something is due of it by its own clock. */
export async function lockDueCycle(tx: Tx, tenantId: string): Promise<FreeCycle[]> {
  return tx.query<FreeCycle>(
    `select ${CYCLE}, coalesce(c.now_at, $2) as at
     from free_credit_cycles f join tenants t on t.id = f.tenant_id left join test_clocks c on c.id = f.test_clock_id
     where f.tenant_id = $1 and f.due_at <= coalesce(c.now_at, $2) for update of f`,
    [tenantId, formatInstant(tx.now)],
  );
}

export async function setDue(tx: Tx, rows: readonly { tenantId: string; dueAt: Instant }[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `update free_credit_cycles f set due_at = row.due_at from unnest($1::text[], $2::timestamptz[]) as row (tenant_id, due_at)
     where f.tenant_id = row.tenant_id`,
    [rows.map((row) => row.tenantId), rows.map((row) => formatInstant(row.dueAt))],
  );
}

export async function nextFreeDue(db: Database, testClockId: string): Promise<Instant | null> {
  const rows = await db.query<{ due_at: Instant | null }>(
    "/* all tenants: of one test clock */ select min(due_at) as due_at from free_credit_cycles where test_clock_id = $1",
    [testClockId],
  );
  return rows[0]?.due_at ?? null;
}
