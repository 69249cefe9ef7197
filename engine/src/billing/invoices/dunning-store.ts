/** SQL of retries: what is due, what came of it, and what still keeps a subscription past due. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { formatInstant, type Instant } from "../time/instant.ts";

export interface RetryRow {
  id: string;
  tenant_id: string;
  test_clock_id: string | null;
  gateway: string;
  currency: string;
  amount_due: bigint;
}

// While an attempt is under way its outcome decides; nothing is asked for beside it.
const FREE = `not exists (select 1 from payments p where p.invoice_id = i.id and p.tenant_id = i.tenant_id
  and p.status in ('requested', 'pending', 'unknown', 'requires_action'))`;

/** Takes invoices whose retry is due; another worker's are passed over. */
export async function lockRetries(tx: Tx, due: Instant, testClockId: string | null, limit: number): Promise<RetryRow[]> {
  return tx.query<RetryRow>(
    `/* all tenants: the sweep works for everybody, or for one test clock */
     select i.id, i.tenant_id, i.test_clock_id, i.gateway, i.currency, i.amount_due from invoices i
     where i.next_attempt_at <= $1 and i.test_clock_id is not distinct from $3 and i.status = 'open' and i.processor = 'engine' and ${FREE}
     order by i.next_attempt_at, i.id limit $2 for no key update of i skip locked`,
    [formatInstant(due), limit, testClockId],
  );
}

export async function nextRetry(db: Database, testClockId: string): Promise<Instant | null> {
  const rows = await db.query<{ at: Instant | null }>(
    `/* all tenants: of one test clock */
     select min(i.next_attempt_at) as at from invoices i
     where i.test_clock_id = $1 and i.next_attempt_at is not null and i.status = 'open' and i.processor = 'engine' and ${FREE}`,
    [testClockId],
  );
  return rows[0]?.at ?? null;
}

export async function beginRetries(tx: Tx, rows: readonly RetryRow[]): Promise<void> {
  await tx.query(
    `update invoices i set next_attempt_at = null, retries = retries + 1
     from unnest($1::text[], $2::text[]) as row (id, tenant_id) where i.id = row.id and i.tenant_id = row.tenant_id`,
    [rows.map((row) => row.id), rows.map((row) => row.tenant_id)],
  );
}

export async function updateDunning(
  tx: Tx,
  row: {
    id: string;
    tenant_id: string;
    failed_at: Instant | null;
    retries: number;
    next_attempt_at: Instant | null;
    dunning_ended_at: Instant | null;
  },
): Promise<void> {
  const at = (instant: Instant | null) => (instant === null ? null : formatInstant(instant));
  await tx.query(
    "update invoices set failed_at = $3, retries = $4, next_attempt_at = $5, dunning_ended_at = $6 where id = $1 and tenant_id = $2",
    [row.id, row.tenant_id, at(row.failed_at), row.retries, at(row.next_attempt_at), at(row.dunning_ended_at)],
  );
}

/** Whether a payment of this subscription failed that is still owed. */
export async function hasFailing(db: Database, tenantId: string, subscriptionId: string): Promise<boolean> {
  const rows = await db.query(
    "select 1 as found from invoices where tenant_id = $1 and subscription_id = $2 and failed_at is not null and status = 'open' limit 1",
    [tenantId, subscriptionId],
  );
  return rows.length > 0;
}
