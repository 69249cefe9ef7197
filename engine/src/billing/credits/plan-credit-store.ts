/** SQL of what plans grant. */
import type { Tx } from "../../commit.ts";
import { formatInstant, type Instant } from "../time/instant.ts";

export interface PlanCreditRow {
  id: string;
  tenant_id: string;
  /** A subscription, or `free`. */
  subject: string;
  period_start: Instant;
  period_end: Instant;
  cause: string;
  plan_key: string;
  plan_version: number;
  invoice_id: string | null;
  status: "waiting" | "granted" | "lapsed";
  level: string;
  priority: number;
  rollover: boolean;
  rollover_max: string | null;
  /** The instant from which on it counts: what ran then already is not granted again. */
  since: Instant;
  granted: string;
  taken_back: string;
  invoice_total: bigint | null;
  credited: bigint;
  revoked: string;
  grant_id: string | null;
}

const COLUMNS = `id, tenant_id, subject, period_start, period_end, cause, plan_key, plan_version, invoice_id, status, level::text, priority, rollover,
  rollover_max::text, since, granted::text, taken_back::text, invoice_total, credited, revoked::text, grant_id`;

/** Answers those that were not there: the key of subject, period and cause decides, whoever asks again. */
export async function insertPlanCredits(tx: Tx, rows: readonly PlanCreditRow[]): Promise<PlanCreditRow[]> {
  if (rows.length === 0) return [];
  const at = (of: (row: PlanCreditRow) => Instant) => rows.map((row) => formatInstant(of(row)));
  return tx.query<PlanCreditRow>(
    `insert into plan_credits (id, tenant_id, subject, period_start, period_end, cause, plan_key, plan_version, invoice_id, status, level, priority,
       rollover, rollover_max, since, counts_until, invoice_total, created_at)
     select id, tenant_id, subject, period_start, period_end, cause, plan_key, plan_version, invoice_id, 'waiting', level, priority,
       rollover, rollover_max, since, period_end, invoice_total, $16
     from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::text[], $8::int[], $9::text[], $10::numeric[],
       $11::smallint[], $12::bool[], $13::numeric[], $14::timestamptz[], $15::bigint[])
       as row (id, tenant_id, subject, period_start, period_end, cause, plan_key, plan_version, invoice_id, level, priority, rollover, rollover_max, since, invoice_total)
     on conflict (tenant_id, subject, period_start, cause) do nothing returning ${COLUMNS}`,
    [
      rows.map((row) => row.id),
      rows.map((row) => row.tenant_id),
      rows.map((row) => row.subject),
      at((row) => row.period_start),
      at((row) => row.period_end),
      rows.map((row) => row.cause),
      rows.map((row) => row.plan_key),
      rows.map((row) => row.plan_version),
      rows.map((row) => row.invoice_id),
      rows.map((row) => row.level),
      rows.map((row) => row.priority),
      rows.map((row) => row.rollover),
      rows.map((row) => row.rollover_max),
      at((row) => row.since),
      rows.map((row) => row.invoice_total?.toString() ?? null),
      formatInstant(tx.now),
    ],
  );
}

/** The opening of a period that waits for its payment. */
export async function findWaitingOpenings(
  tx: Tx,
  periods: readonly { tenantId: string; subject: string; start: Instant }[],
): Promise<PlanCreditRow[]> {
  if (periods.length === 0) return [];
  return tx.query<PlanCreditRow>(
    `select ${COLUMNS} from plan_credits p
     where status = 'waiting' and cause = 'opening' and invoice_id is not null and tenant_id = any($1::text[])
       and (subject, period_start) in (select * from unnest($2::text[], $3::timestamptz[]))`,
    [periods.map((one) => one.tenantId), periods.map((one) => one.subject), periods.map((one) => formatInstant(one.start))],
  );
}

/** What an invoice opened or changed, oldest first; locked. */
export async function lockPlanCreditsOf(tx: Tx, invoiceId: string, tenantId: string): Promise<PlanCreditRow[]> {
  return tx.query<PlanCreditRow>(
    `select ${COLUMNS} from plan_credits where invoice_id = $1 and tenant_id = $2 order by since, plan_credits.id for no key update`,
    [invoiceId, tenantId],
  );
}

/** What a subject was granted and may still have something of. */
export async function lockRunning(tx: Tx, tenantId: string, subject: string, at: Instant): Promise<PlanCreditRow[]> {
  return tx.query<PlanCreditRow>(
    `select ${COLUMNS} from plan_credits where tenant_id = $1 and subject = $2 and status = 'granted' and grant_id is not null
       and (rollover or period_end > $3) order by since, plan_credits.id for no key update`,
    [tenantId, subject, formatInstant(at)],
  );
}

/**
 * The period that runs now, paid or free, that opened after these grants were made for an earlier subscription and counted them in; of several
 * claims on it the highest. null: there is none.
 */
export async function findCountedIn(tx: Tx, tenantId: string, grantIds: readonly string[]): Promise<PlanCreditRow | null> {
  const rows = await tx.query<PlanCreditRow>(
    `select ${COLUMNS} from plan_credits q where tenant_id = $1 and status = 'granted' and revoked = 0 and period_start <= $3 and period_end > $3
       and exists (select from plan_credits p where p.tenant_id = $1 and p.grant_id = any($2::text[]) and p.subject <> q.subject
         and p.since <= q.since and p.counts_until > q.since)
     order by level desc, since desc, id limit 1`,
    [tenantId, grantIds, formatInstant(tx.now)],
  );
  return rows[0] ?? null;
}

/** For each: what plans have granted the tenant, and not taken back, for times that run within [since, period_end). */
export async function readRunning(tx: Tx, rows: readonly PlanCreditRow[]): Promise<Map<string, string>> {
  const found = await tx.query<{ id: string; running: string }>(
    `select a.id, coalesce((select sum(p.granted - p.taken_back) from plan_credits p
       where p.tenant_id = a.tenant_id and p.status = 'granted' and p.counts_until > a.since and p.period_start < a.period_end), 0)::text as running
     from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[]) as a (id, tenant_id, since, period_end)`,
    [
      rows.map((row) => row.id),
      rows.map((row) => row.tenant_id),
      rows.map((row) => formatInstant(row.since)),
      rows.map((row) => formatInstant(row.period_end)),
    ],
  );
  return new Map(found.map((row) => [row.id, row.running]));
}

/** What a period that opens takes in whole counts toward no later one. */
export async function noteTakenIn(tx: Tx, rows: readonly PlanCreditRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `update plan_credits p set counts_until = a.period_end
     from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::numeric[]) as a (tenant_id, since, period_end, level)
     where p.tenant_id = a.tenant_id and p.status = 'granted' and p.period_start <= a.since and p.counts_until > a.period_end
       and p.granted - p.taken_back <= a.level`,
    [
      rows.map((row) => row.tenant_id),
      rows.map((row) => formatInstant(row.since)),
      rows.map((row) => formatInstant(row.period_end)),
      rows.map((row) => row.level),
    ],
  );
}

/** The end of the subject's period that holds the instant; null: none does. */
export async function findRunningEnd(tx: Tx, tenantId: string, subject: string, at: Instant): Promise<Instant | null> {
  const rows = await tx.query<{ ends: Instant | null }>(
    "select max(period_end) as ends from plan_credits where tenant_id = $1 and subject = $2 and period_start <= $3 and period_end > $3 and status <> 'lapsed'",
    [tenantId, subject, formatInstant(at)],
  );
  return rows[0]?.ends ?? null;
}

export async function updatePlanCredits(
  tx: Tx,
  rows: readonly Pick<
    PlanCreditRow,
    "id" | "tenant_id" | "status" | "invoice_id" | "granted" | "grant_id" | "taken_back" | "revoked" | "credited"
  >[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `update plan_credits p set status = row.status, invoice_id = row.invoice_id, granted = row.granted, grant_id = row.grant_id,
       taken_back = row.taken_back, revoked = row.revoked, credited = row.credited,
       granted_at = case when row.status = 'granted' then coalesce(p.granted_at, $10) else p.granted_at end
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::numeric[], $6::text[], $7::numeric[], $8::numeric[], $9::bigint[])
       as row (id, tenant_id, status, invoice_id, granted, grant_id, taken_back, revoked, credited)
     where p.id = row.id and p.tenant_id = row.tenant_id`,
    [
      rows.map((row) => row.id),
      rows.map((row) => row.tenant_id),
      rows.map((row) => row.status),
      rows.map((row) => row.invoice_id),
      rows.map((row) => row.granted),
      rows.map((row) => row.grant_id),
      rows.map((row) => row.taken_back),
      rows.map((row) => row.revoked),
      rows.map((row) => row.credited.toString()),
      formatInstant(tx.now),
    ],
  );
}

export interface RollingGrant {
  tenant_id: string;
  subject: string;
  grant_id: string;
  /** Of the grant's claim, which says what holds keep beyond the cap. */
  id: string;
  remaining: string;
  held: string;
  rollover_max: string | null;
  period_start: Instant;
}

/** Grants of plans that roll over, of which something is left or held, newest first. */
export async function findRolling(tx: Tx, whose: readonly { tenantId: string; subject: string }[]): Promise<RollingGrant[]> {
  if (whose.length === 0) return [];
  return tx.query<RollingGrant>(
    `select p.tenant_id, p.subject, p.id, p.grant_id, g.remaining::text, g.held::text, p.rollover_max::text, p.period_start
     from plan_credits p join credit_grants_now g on g.id = p.grant_id and g.tenant_id = p.tenant_id
     where p.tenant_id = any($1::text[]) and p.subject = any($2::text[]) and p.rollover and p.status = 'granted' and g.open
     order by p.tenant_id, p.since desc, p.id desc`,
    [whose.map((one) => one.tenantId), whose.map((one) => one.subject)],
  );
}

/** What of these grants is beyond the cap of their rollover, and held: it is set anew each time that they are cut. */
export async function setCut(tx: Tx, tenantId: string, id: string, cut: string): Promise<void> {
  await tx.query("update plan_credits set cut = $3 where tenant_id = $1 and id = $2 and cut <> $3", [tenantId, id, cut]);
}

export async function findCut(
  tx: Tx,
  tenantId: string,
  grantIds: readonly string[],
): Promise<{ id: string; grant_id: string; cut: string }[]> {
  return tx.query("select id, grant_id, cut::text from plan_credits where tenant_id = $1 and grant_id = any($2::text[]) and cut > 0", [
    tenantId,
    grantIds,
  ]);
}
