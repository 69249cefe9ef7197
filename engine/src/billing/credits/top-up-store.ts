/** SQL of automatic top-up. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { formatInstant, type Instant } from "../time/instant.ts";

export interface TopUpRow {
  tenant_id: string;
  product_key: string;
  threshold: string;
  quantity: number | null;
  target: string | null;
  month_count: number | null;
  month_amount: bigint | null;
  enabled: boolean;
  disabled_reason: string | null;
  failures: number;
  retry_at: Instant | null;
  created_at: Instant;
  updated_at: Instant;
}

const TOP_UP = `tenant_id, product_key, threshold::text, quantity, target::text, month_count, month_amount, enabled, disabled_reason, failures, retry_at,
  created_at, updated_at`;

export async function findTopUp(db: Database, tenantId: string, lock = false): Promise<TopUpRow | null> {
  const rows = await db.query<TopUpRow>(`select ${TOP_UP} from credit_top_ups where tenant_id = $1${lock ? " for no key update" : ""}`, [
    tenantId,
  ]);
  return rows[0] ?? null;
}

/** Answers what is stored. The threshold stands beside the balance too, which wakes by it. */
export async function putTopUp(tx: Tx, row: TopUpRow): Promise<TopUpRow> {
  const rows = await tx.query<TopUpRow>(
    `insert into credit_top_ups (tenant_id, product_key, threshold, quantity, target, month_count, month_amount, enabled, disabled_reason, failures,
       retry_at, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
     on conflict (tenant_id) do update set product_key = excluded.product_key, threshold = excluded.threshold, quantity = excluded.quantity,
       target = excluded.target, month_count = excluded.month_count, month_amount = excluded.month_amount, enabled = excluded.enabled,
       disabled_reason = excluded.disabled_reason, failures = excluded.failures, retry_at = excluded.retry_at, updated_at = excluded.updated_at
     returning ${TOP_UP}`,
    [
      row.tenant_id,
      row.product_key,
      row.threshold,
      row.quantity,
      row.target,
      row.month_count,
      row.month_amount?.toString() ?? null,
      row.enabled,
      row.disabled_reason,
      row.failures,
      row.retry_at === null ? null : formatInstant(row.retry_at),
      formatInstant(tx.now),
    ],
  );
  await wakeBelow(tx, row.tenant_id, row.enabled ? row.threshold : null);
  return rows[0]!;
}

export async function deleteTopUp(tx: Tx, tenantId: string): Promise<boolean> {
  const rows = await tx.query("delete from credit_top_ups where tenant_id = $1 returning tenant_id", [tenantId]);
  await wakeBelow(tx, tenantId, null);
  return rows.length > 0;
}

async function wakeBelow(tx: Tx, tenantId: string, threshold: string | null): Promise<void> {
  await tx.query("update credit_wallets set top_up_below = $2 where tenant_id = $1", [tenantId, threshold]);
}

/** What can be spent at the instant, of a tenant whose wallet is there. */
const SPENDABLE = `coalesce((select sum(g.remaining) from credit_grants_now g where g.tenant_id = u.tenant_id and g.open and g.effective_at <= $1
  and (g.expires_at is null or g.expires_at > $1)), 0)`;

/** Those for whom something is to be bought now. What is found is looked at again under the lock. */
export async function findLow(
  db: Database,
  ask: { now: Instant; testClockId: string | null; except: readonly string[]; limit: number },
): Promise<string[]> {
  const clock = ask.testClockId === null ? "t.test_clock_id is null and $3::text is null" : "t.test_clock_id = $3";
  const rows = await db.query<{ tenant_id: string }>(
    `/* all tenants: the sweep works for everybody, or for one test clock */
     select u.tenant_id from credit_top_ups u join tenants t on t.id = u.tenant_id
     where u.enabled and (u.retry_at is null or u.retry_at <= $1) and ${clock} and u.tenant_id <> all ($4::text[])
       and not exists (select 1 from credit_wallets w where w.tenant_id = u.tenant_id and w.top_ups_paused)
       and not exists (select 1 from credit_top_up_runs r where r.tenant_id = u.tenant_id and r.status = 'running')
       and ${SPENDABLE} < u.threshold
     order by u.tenant_id limit $2`,
    [formatInstant(ask.now), ask.limit, ask.testClockId, ask.except],
  );
  return rows.map((row) => row.tenant_id);
}

/** When a top-up that failed, or had reached its limit, is tried again next. */
export async function nextTopUp(db: Database, testClockId: string, after: Instant): Promise<Instant | null> {
  const rows = await db.query<{ at: Instant | null }>(
    `/* all tenants: of one test clock */
     select min(u.retry_at) as at from credit_top_ups u join tenants t on t.id = u.tenant_id
     where t.test_clock_id = $1 and u.enabled and u.retry_at > $2`,
    [testClockId, formatInstant(after)],
  );
  return rows[0]?.at ?? null;
}

export interface RunRow {
  id: string;
  tenant_id: string;
  status: "running" | "granted" | "failed";
  invoice_id: string;
  quantity: number;
  amount: bigint;
  currency: string;
  began_at: Instant;
  /** Of a top-up by the calendar: for which occurrence of which rule; both null: below the threshold. */
  rule_id: string | null;
  occurrence_at: Instant | null;
}

const RUN = "id, tenant_id, status, invoice_id, quantity, amount, currency, began_at, rule_id, occurrence_at";

/** False where one runs already: the index decides, also in a race. */
export async function insertRun(tx: Tx, row: Omit<RunRow, "status">): Promise<boolean> {
  const rows = await tx.query(
    `insert into credit_top_up_runs (id, tenant_id, status, invoice_id, quantity, amount, currency, began_at, rule_id, occurrence_at)
     values ($1, $2, 'running', $3, $4, $5, $6, $7, $8, $9) on conflict (tenant_id) where status = 'running' do nothing returning id`,
    [
      ...[
        row.id,
        row.tenant_id,
        row.invoice_id,
        row.quantity,
        row.amount.toString(),
        row.currency,
        formatInstant(row.began_at),
        row.rule_id,
      ],
      row.occurrence_at === null ? null : formatInstant(row.occurrence_at),
    ],
  );
  return rows.length > 0;
}

export async function findRunning(db: Database, tenantId: string): Promise<RunRow | null> {
  const rows = await db.query<RunRow>(`select ${RUN} from credit_top_up_runs where tenant_id = $1 and status = 'running'`, [tenantId]);
  return rows[0] ?? null;
}

/** Ends the run that an invoice was for; null: it was for none, or it has ended. */
export async function endRun(tx: Tx, invoiceId: string, tenantId: string, status: "granted" | "failed"): Promise<RunRow | null> {
  const rows = await tx.query<RunRow>(
    `update credit_top_up_runs set status = $3, ended_at = $4 where invoice_id = $1 and tenant_id = $2 and status = 'running'
     returning ${RUN}`,
    [invoiceId, tenantId, status, formatInstant(tx.now)],
  );
  return rows[0] ?? null;
}

/** What was bought, or is being bought, since an instant: by a rule, or (null) below the threshold. */
export async function countRuns(
  db: Database,
  tenantId: string,
  since: Instant,
  ruleId: string | null = null,
): Promise<{ count: number; amountMinor: bigint }> {
  const [row] = await db.query<{ count: number; amount: string }>(
    `select count(*)::int as count, coalesce(sum(amount), 0)::text as amount from credit_top_up_runs
     where tenant_id = $1 and status <> 'failed' and began_at >= $2 and rule_id is not distinct from $3`,
    [tenantId, formatInstant(since), ruleId],
  );
  return { count: row!.count, amountMinor: BigInt(row!.amount) };
}

export async function updateTrouble(
  tx: Tx,
  row: Pick<TopUpRow, "tenant_id" | "enabled" | "disabled_reason" | "failures" | "retry_at">,
): Promise<void> {
  await tx.query(
    "update credit_top_ups set enabled = $2, disabled_reason = $3, failures = $4, retry_at = $5, updated_at = $6 where tenant_id = $1",
    [
      row.tenant_id,
      row.enabled,
      row.disabled_reason,
      row.failures,
      row.retry_at === null ? null : formatInstant(row.retry_at),
      formatInstant(tx.now),
    ],
  );
  if (!row.enabled) await wakeBelow(tx, row.tenant_id, null);
}
