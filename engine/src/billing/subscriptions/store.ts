/** SQL of subscriptions. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { Interval } from "../time/period.ts";
import type { SubscriptionStatus } from "./subscription.ts";

/** What changes when the period ends; null: that stays. */
export interface ScheduledChange {
  plan: string | null;
  plan_version: number | null;
  seats: number | null;
}

export interface SubscriptionRow {
  id: string;
  tenant_id: string;
  /** Of the tenant: the short name that usage is stored under. */
  tenant_no: number;
  test_clock_id: string | null;
  plan_key: string;
  plan_version: number;
  status: SubscriptionStatus;
  currency: string;
  seats: number;
  processor: "engine" | "stripe";
  gateway: string;
  collection: "charge_automatically" | "send_invoice";
  interval_unit: Interval["unit"];
  interval_count: number;
  time_zone: string;
  anchor_at: Instant;
  /** Since when periods are counted from this anchor at this interval. */
  cycle_start: Instant;
  started_at: Instant;
  current_period_start: Instant;
  current_period_end: Instant;
  closed_until: Instant;
  /** What was used before it was billed by the subscription before. */
  usage_from: Instant | null;
  trial_end: Instant | null;
  /** Its end was announced. */
  trial_warned: boolean;
  cancel_at: Instant | null;
  canceled_at: Instant | null;
  ended_at: Instant | null;
  cancel_reason: string | null;
  pause: { paused_at: string; resumes_at: string | null } | null;
  scheduled_change: ScheduledChange | null;
  grace_until: Instant | null;
  auto_renew: boolean;
  billing_email: string | null;
  due_at: Instant | null;
  created_at: Instant;
}

export const COLUMNS = `s.id, s.tenant_id, t.no as tenant_no, s.test_clock_id, s.plan_key, s.plan_version, s.status, s.currency, s.seats, s.processor, s.gateway,
  s.collection, s.interval_unit, s.interval_count, s.time_zone, s.anchor_at, s.cycle_start, s.started_at, s.current_period_start, s.current_period_end, s.closed_until, s.usage_from,
  s.trial_end, s.trial_warned, s.cancel_at, s.canceled_at, s.cancel_reason, s.ended_at, s.pause, s.scheduled_change, s.grace_until, s.auto_renew, s.billing_email, s.due_at, s.created_at`;

/** The live one, else the last that ended. */
export async function findCurrent(db: Database, tenantId: string, lock = false): Promise<SubscriptionRow | null> {
  const rows = await db.query<SubscriptionRow>(
    `select ${COLUMNS} from subscriptions s join tenants t on t.id = s.tenant_id where s.tenant_id = $1
     order by (s.status not in ('canceled', 'expired')) desc, s.created_at desc, s.id desc limit 1${lock ? " for no key update of s" : ""}`,
    [tenantId],
  );
  return rows[0] ?? null;
}

export async function findById(db: Database, tenantId: string, id: string, lock = false): Promise<SubscriptionRow | null> {
  const rows = await db.query<SubscriptionRow>(
    `select ${COLUMNS} from subscriptions s join tenants t on t.id = s.tenant_id where s.tenant_id = $1 and s.id = $2${lock ? " for no key update of s" : ""}`,
    [tenantId, id],
  );
  return rows[0] ?? null;
}

export async function hadTrial(db: Database, tenantId: string, planKey: string): Promise<boolean> {
  const rows = await db.query("select 1 as had from trials where tenant_id = $1 and plan_key = $2", [tenantId, planKey]);
  return rows.length > 0;
}

export async function insertTrial(tx: Tx, row: Pick<SubscriptionRow, "id" | "tenant_id" | "plan_key">, began: Instant): Promise<void> {
  await tx.query(
    "insert into trials (tenant_id, plan_key, subscription_id, began_at) values ($1, $2, $3, $4) on conflict (tenant_id, plan_key) do nothing",
    [row.tenant_id, row.plan_key, row.id, formatInstant(began)],
  );
}

/** The trial never began. */
export async function deleteTrial(tx: Tx, row: Pick<SubscriptionRow, "id" | "tenant_id">): Promise<void> {
  await tx.query("delete from trials where subscription_id = $1 and tenant_id = $2", [row.id, row.tenant_id]);
}

/** False where the tenant has a live one already: the index decides, also in a race. */
export async function insertSubscription(tx: Tx, row: Omit<SubscriptionRow, "tenant_no">): Promise<boolean> {
  const at = (instant: Instant | null) => (instant === null ? null : formatInstant(instant));
  const rows = await tx.query(
    `insert into subscriptions (id, tenant_id, test_clock_id, plan_key, plan_version, status, currency, seats, processor, gateway, collection, interval_unit,
       interval_count, time_zone, anchor_at, cycle_start, started_at, current_period_start, current_period_end, closed_until, trial_end, auto_renew, billing_email,
       due_at, usage_from, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $26)
     on conflict (tenant_id) where status not in ('canceled', 'expired') do nothing returning id`,
    [
      row.id,
      row.tenant_id,
      row.test_clock_id,
      row.plan_key,
      row.plan_version,
      row.status,
      row.currency,
      row.seats,
      row.processor,
      row.gateway,
      row.collection,
      row.interval_unit,
      row.interval_count,
      row.time_zone,
      at(row.anchor_at),
      at(row.cycle_start),
      at(row.started_at),
      at(row.current_period_start),
      at(row.current_period_end),
      at(row.closed_until),
      at(row.trial_end),
      row.auto_renew,
      row.billing_email,
      at(row.due_at),
      at(row.usage_from),
      at(row.created_at),
    ],
  );
  return rows.length > 0;
}

/** Takes subscriptions for which something is due; another worker's are passed over, so that workers never collide. */
export async function lockDue(tx: Tx, due: Instant, testClockId: string | null, limit: number): Promise<SubscriptionRow[]> {
  // Two texts, so that each uses its own index. Whose taxes nobody could say waits, by the real time; under a test clock nobody waits.
  const clock =
    testClockId === null
      ? "s.test_clock_id is null and $3::text is null and not exists (select 1 from tax_waits w where w.tenant_id = s.tenant_id and w.next_at > $4)"
      : "s.test_clock_id = $3 and $4::timestamptz is not null";
  return tx.query<SubscriptionRow>(
    `/* all tenants: the sweep works for everybody, or for one test clock */
     select ${COLUMNS} from subscriptions s join tenants t on t.id = s.tenant_id
     where s.due_at <= $1 and ${clock} order by s.due_at, s.id limit $2 for no key update of s skip locked`,
    [formatInstant(due), limit, testClockId, formatInstant(tx.ctx.clock.now())],
  );
}

export async function nextDue(db: Database, testClockId: string): Promise<Instant | null> {
  const rows = await db.query<{ due_at: Instant | null }>(
    "/* all tenants: of one test clock */ select min(due_at) as due_at from subscriptions where test_clock_id = $1 and due_at is not null",
    [testClockId],
  );
  return rows[0]?.due_at ?? null;
}

/** Stores what a sweep changed of many: state, period, what is closed and what is due next. */
export async function updateCycles(tx: Tx, rows: readonly SubscriptionRow[]): Promise<void> {
  if (rows.length === 0) return;
  const at = (instant: Instant | null) => (instant === null ? null : formatInstant(instant));
  await tx.query(
    `update subscriptions s set status = row.status, current_period_start = row.current_period_start, current_period_end = row.current_period_end,
       closed_until = row.closed_until, ended_at = row.ended_at, due_at = row.due_at, trial_warned = row.trial_warned, updated_at = $10
     from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::boolean[])
       as row (id, tenant_id, status, current_period_start, current_period_end, closed_until, ended_at, due_at, trial_warned)
     where s.id = row.id and s.tenant_id = row.tenant_id`,
    [
      rows.map((row) => row.id),
      rows.map((row) => row.tenant_id),
      rows.map((row) => row.status),
      rows.map((row) => at(row.current_period_start)),
      rows.map((row) => at(row.current_period_end)),
      rows.map((row) => at(row.closed_until)),
      rows.map((row) => at(row.ended_at)),
      rows.map((row) => at(row.due_at)),
      rows.map((row) => row.trial_warned),
      formatInstant(tx.now),
    ],
  );
}

/** Stores everything of one subscription that may change in its life. */
export async function saveSubscription(tx: Tx, row: SubscriptionRow): Promise<void> {
  const at = (instant: Instant | null) => (instant === null ? null : formatInstant(instant));
  await tx.query(
    `update subscriptions set plan_key = $3, plan_version = $4, status = $5, seats = $6, interval_unit = $7, interval_count = $8, anchor_at = $9, cycle_start = $10,
       current_period_start = $11, current_period_end = $12, closed_until = $13, trial_end = $14, trial_warned = $15, cancel_at = $16, canceled_at = $17,
       cancel_reason = $18, ended_at = $19, pause = $20, scheduled_change = $21, auto_renew = $22, billing_email = $23, due_at = $24, updated_at = $25, grace_until = $26
     where id = $1 and tenant_id = $2`,
    [
      row.id,
      row.tenant_id,
      row.plan_key,
      row.plan_version,
      row.status,
      row.seats,
      row.interval_unit,
      row.interval_count,
      at(row.anchor_at),
      at(row.cycle_start),
      at(row.current_period_start),
      at(row.current_period_end),
      at(row.closed_until),
      at(row.trial_end),
      row.trial_warned,
      at(row.cancel_at),
      at(row.canceled_at),
      row.cancel_reason,
      at(row.ended_at),
      row.pause,
      row.scheduled_change,
      row.auto_renew,
      row.billing_email,
      at(row.due_at),
      formatInstant(tx.now),
      at(row.grace_until),
    ],
  );
}

export async function eraseWords(tx: Tx, tenantId: string): Promise<void> {
  await tx.query("update subscriptions set billing_email = null, cancel_reason = null where tenant_id = $1", [tenantId]);
}
