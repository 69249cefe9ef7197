/** SQL of top-ups by the calendar. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { Interval } from "../time/period.ts";
import type { OccurrenceStatus, RuleSource } from "./top-up-rule.ts";

export interface RuleRow {
  id: string;
  tenant_id: string;
  key: string;
  source: RuleSource;
  product_key: string | null;
  quantity: number | null;
  amount: string | null;
  target: string | null;
  priority: number | null;
  reason: string | null;
  expires: boolean;
  interval_unit: Interval["unit"];
  interval_count: number;
  starts_at: Instant;
  ends_at: Instant | null;
  next_at: Instant | null;
  month_count: number | null;
  month_amount: bigint | null;
  enabled: boolean;
  disabled_reason: string | null;
  failures: number;
  retry_at: Instant | null;
  created_at: Instant;
  updated_at: Instant;
}

const RULE = `id, tenant_id, key, source, product_key, quantity, amount::text, target::text, priority, reason, expires, interval_unit, interval_count,
  starts_at, ends_at, next_at, month_count, month_amount, enabled, disabled_reason, failures, retry_at, created_at, updated_at`;

export async function listRules(db: Database, tenantId: string): Promise<RuleRow[]> {
  return db.query<RuleRow>(`select ${RULE} from credit_top_up_rules where tenant_id = $1 order by created_at desc, id desc`, [tenantId]);
}

export async function findRule(db: Database, tenantId: string, key: string, lock = false): Promise<RuleRow | null> {
  const rows = await db.query<RuleRow>(
    `select ${RULE} from credit_top_up_rules where tenant_id = $1 and key = $2${lock ? " for no key update" : ""}`,
    [tenantId, key],
  );
  return rows[0] ?? null;
}

/** By its id; null: it was deleted meanwhile. */
export async function lockRule(tx: Tx, tenantId: string, id: string): Promise<RuleRow | null> {
  const rows = await tx.query<RuleRow>(`select ${RULE} from credit_top_up_rules where tenant_id = $1 and id = $2 for no key update`, [
    tenantId,
    id,
  ]);
  return rows[0] ?? null;
}

const at = (instant: Instant | null) => (instant === null ? null : formatInstant(instant));

export async function putRule(tx: Tx, row: RuleRow): Promise<RuleRow> {
  const rows = await tx.query<RuleRow>(
    `insert into credit_top_up_rules (id, tenant_id, key, source, product_key, quantity, amount, target, priority, reason, expires, interval_unit,
       interval_count, starts_at, ends_at, next_at, month_count, month_amount, enabled, disabled_reason, failures, retry_at, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $23)
     on conflict (tenant_id, key) do update set source = excluded.source, product_key = excluded.product_key, quantity = excluded.quantity,
       amount = excluded.amount, target = excluded.target, priority = excluded.priority, reason = excluded.reason, expires = excluded.expires,
       interval_unit = excluded.interval_unit, interval_count = excluded.interval_count, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
       next_at = excluded.next_at, month_count = excluded.month_count, month_amount = excluded.month_amount, enabled = excluded.enabled,
       disabled_reason = excluded.disabled_reason, failures = excluded.failures, retry_at = excluded.retry_at, updated_at = excluded.updated_at
     returning ${RULE}`,
    [
      ...[row.id, row.tenant_id, row.key, row.source, row.product_key, row.quantity, row.amount, row.target, row.priority, row.reason],
      ...[row.expires, row.interval_unit, row.interval_count, at(row.starts_at), at(row.ends_at), at(row.next_at), row.month_count],
      ...[row.month_amount?.toString() ?? null, row.enabled, row.disabled_reason, row.failures, at(row.retry_at), formatInstant(tx.now)],
    ],
  );
  return rows[0]!;
}

/** What the engine moves of a rule. */
export async function updateRule(tx: Tx, row: RuleRow): Promise<void> {
  await tx.query(
    `update credit_top_up_rules set next_at = $3, enabled = $4, disabled_reason = $5, failures = $6, retry_at = $7, updated_at = $8
     where tenant_id = $1 and id = $2`,
    [row.tenant_id, row.id, at(row.next_at), row.enabled, row.disabled_reason, row.failures, at(row.retry_at), formatInstant(tx.now)],
  );
}

export async function deleteRule(tx: Tx, tenantId: string, id: string): Promise<void> {
  await tx.query("delete from credit_top_up_rules where tenant_id = $1 and id = $2", [tenantId, id]);
}

export async function deleteRules(tx: Tx, tenantId: string): Promise<void> {
  await tx.query("delete from credit_top_up_rules where tenant_id = $1", [tenantId]);
}

/** Those with an occurrence that is due, the longest waiting first. A purchase waits for one that runs. */
export async function findDueRules(
  db: Database,
  ask: { now: Instant; testClockId: string | null; except: readonly string[]; limit: number },
): Promise<{ id: string; tenant_id: string }[]> {
  const clock = ask.testClockId === null ? "t.test_clock_id is null and $2::text is null" : "t.test_clock_id = $2";
  return db.query(
    `/* all tenants: the sweep works for everybody, or for one test clock */
     select u.id, u.tenant_id from credit_top_up_rules u join tenants t on t.id = u.tenant_id
     where u.enabled and u.next_at <= $1 and (u.retry_at is null or u.retry_at <= $1) and ${clock} and u.id <> all ($3::text[])
       and (u.source <> 'purchase' or not exists (select from credit_top_up_runs r where r.tenant_id = u.tenant_id and r.status = 'running'))
     order by u.next_at, u.id limit $4`,
    [formatInstant(ask.now), ask.testClockId, ask.except, ask.limit],
  );
}

/** When one of a test clock's tenants has an occurrence, or tries it again, next. */
export async function nextRuleDue(db: Database, testClockId: string, after: Instant): Promise<Instant | null> {
  const rows = await db.query<{ at: Instant | null }>(
    `/* all tenants: of one test clock */
     select min(greatest(u.next_at, u.retry_at)) as at from credit_top_up_rules u join tenants t on t.id = u.tenant_id
     where t.test_clock_id = $1 and u.enabled and greatest(u.next_at, u.retry_at) > $2 and u.next_at is not null`,
    [testClockId, formatInstant(after)],
  );
  return rows[0]?.at ?? null;
}

export interface OccurrenceRow {
  rule_id: string;
  tenant_id: string;
  at: Instant;
  status: OccurrenceStatus;
  reason: string | null;
  grant_id: string | null;
  invoice_id: string | null;
  settled_at: Instant;
}

/** The key of rule and instant lets one in. */
export async function insertOccurrence(tx: Tx, row: Omit<OccurrenceRow, "settled_at">): Promise<void> {
  await tx.query(
    `insert into credit_top_up_occurrences (rule_id, tenant_id, at, status, reason, grant_id, invoice_id, settled_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [row.rule_id, row.tenant_id, formatInstant(row.at), row.status, row.reason, row.grant_id, row.invoice_id, formatInstant(tx.now)],
  );
}

export async function listOccurrences(
  db: Database,
  ask: { tenantId: string; ruleId: string; before: string | null; limit: number },
): Promise<OccurrenceRow[]> {
  return db.query<OccurrenceRow>(
    `select rule_id, tenant_id, at, status, reason, grant_id, invoice_id, settled_at from credit_top_up_occurrences
     where tenant_id = $1 and rule_id = $2 and ($3::timestamptz is null or at < $3) order by at desc limit $4`,
    [ask.tenantId, ask.ruleId, ask.before, ask.limit],
  );
}

/** The last occurrence that was settled, or that a purchase runs for. */
export async function lastOccurrence(tx: Tx, tenantId: string, ruleId: string): Promise<Instant | null> {
  const rows = await tx.query<{ at: Instant | null }>(
    `select greatest((select max(at) from credit_top_up_occurrences where tenant_id = $1 and rule_id = $2),
       (select max(occurrence_at) from credit_top_up_runs where tenant_id = $1 and rule_id = $2 and status = 'running')) as at`,
    [tenantId, ruleId],
  );
  return rows[0]?.at ?? null;
}

/** Of a tenant whose subscription is paused nothing is topped up. */
export async function setTopUpsPaused(tx: Tx, tenantId: string, paused: boolean): Promise<void> {
  await tx.query(
    `insert into credit_wallets (tenant_id, top_ups_paused) values ($1, $2)
     on conflict (tenant_id) do update set top_ups_paused = excluded.top_ups_paused where credit_wallets.top_ups_paused <> excluded.top_ups_paused`,
    [tenantId, paused],
  );
}

export async function areTopUpsPaused(db: Database, tenantId: string): Promise<boolean> {
  const rows = await db.query<{ top_ups_paused: boolean }>("select top_ups_paused from credit_wallets where tenant_id = $1", [tenantId]);
  return rows[0]?.top_ups_paused ?? false;
}
