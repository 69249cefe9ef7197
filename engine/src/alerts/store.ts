/** SQL of alert rules and alerts. */
import { formatInstant, type Instant } from "../billing/time/instant.ts";
import type { Tx } from "../commit.ts";
import type { Database } from "../db/pool.ts";
import { toJson } from "../http/json.ts";
import type { AlertKind, RuleRow } from "./rule.ts";

/** `tenantIds`: those of the platform and of these tenants; null: all. */
export function readRules(db: Database, kind: AlertKind | null, tenantIds: readonly string[] | null): Promise<RuleRow[]> {
  return db.query<RuleRow>(
    `/* all tenants: the platform's, and those of the tenants asked for */ select kind, tenant_id, enabled, settings, email from alert_rules
     where ($1::text is null or kind = $1) and ($2::text[] is null or tenant_id is null or tenant_id = any($2)) order by kind, tenant_id nulls first`,
    [kind, tenantIds],
  );
}

export async function putRule(tx: Tx, rule: RuleRow): Promise<void> {
  await tx.query(
    `insert into alert_rules (id, kind, tenant_id, enabled, settings, email, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $7)
     on conflict (id) do update set enabled = excluded.enabled, settings = excluded.settings, email = excluded.email, updated_at = excluded.updated_at`,
    [ruleId(rule.kind, rule.tenant_id), rule.kind, rule.tenant_id, rule.enabled, toJson(rule.settings), rule.email, formatInstant(tx.now)],
  );
}

export async function deleteRule(tx: Tx, kind: AlertKind, tenantId: string | null): Promise<boolean> {
  const rows = await tx.query("/* all tenants: by its id */ delete from alert_rules where id = $1 returning id", [ruleId(kind, tenantId)]);
  return rows.length > 0;
}

const ruleId = (kind: AlertKind, tenantId: string | null) => (tenantId === null ? kind : `${kind}:${tenantId}`);

export interface AlertRow {
  id: string;
  tenant_id: string;
  kind: AlertKind;
  subject: string;
  summary: string;
  data: Record<string, unknown>;
  raised_at: Instant;
  acknowledged_at: Instant | null;
  acknowledged_by: string | null;
  resolved_at: Instant | null;
}

const COLUMNS = "id, tenant_id, kind, subject, summary, data, raised_at, acknowledged_at, acknowledged_by, resolved_at";

/** False: it lasts already. */
export async function insertAlert(
  tx: Tx,
  row: Pick<AlertRow, "id" | "tenant_id" | "kind" | "subject" | "summary" | "data">,
): Promise<boolean> {
  const rows = await tx.query(
    `insert into alerts (id, tenant_id, kind, subject, summary, data, raised_at) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (tenant_id, kind, subject) where resolved_at is null do nothing returning id`,
    [row.id, row.tenant_id, row.kind, row.subject, row.summary, toJson(row.data), formatInstant(tx.now)],
  );
  return rows.length > 0;
}

export async function resolveAlerts(tx: Tx, tenantId: string, kind: AlertKind, subject: string): Promise<AlertRow[]> {
  return tx.query<AlertRow>(
    `update alerts set resolved_at = greatest($4, raised_at) where tenant_id = $1 and kind = $2 and subject = $3 and resolved_at is null returning ${COLUMNS}`,
    [tenantId, kind, subject, formatInstant(tx.now)],
  );
}

export async function acknowledge(tx: Tx, id: string, by: string): Promise<AlertRow | null> {
  const rows = await tx.query<AlertRow>(
    `/* all tenants: by its id */ update alerts set acknowledged_at = coalesce(acknowledged_at, $2), acknowledged_by = coalesce(acknowledged_by, $3)
     where id = $1 returning ${COLUMNS}`,
    [id, formatInstant(tx.now), by],
  );
  return rows[0] ?? null;
}

export async function findAlert(db: Database, id: string): Promise<AlertRow | null> {
  const rows = await db.query<AlertRow>(`/* all tenants: by its id */ select ${COLUMNS} from alerts where id = $1`, [id]);
  return rows[0] ?? null;
}

/** Of unusual use, those that last, with the day that each was raised for. */
export function readLasting(db: Database): Promise<{ tenant_id: string; subject: string; day: string }[]> {
  return db.query(
    `/* all tenants: the sweep works for everybody */ select tenant_id, subject, data ->> 'day' as day from alerts
     where kind = 'unusual_usage' and resolved_at is null`,
  );
}

export const ALERT_STATES = ["open", "acknowledged", "resolved"] as const;

export function listAlerts(
  db: Database,
  ask: { tenantId: string | null; kind: string | null; state: string | null; before: string[] | null; limit: number },
): Promise<AlertRow[]> {
  return db.query<AlertRow>(
    `/* all tenants, or the one that is asked for */ select ${COLUMNS} from alerts
     where ($1::text is null or tenant_id = $1) and ($2::text is null or kind = $2)
       and case $3::text when 'open' then resolved_at is null and acknowledged_at is null when 'acknowledged' then resolved_at is null and acknowledged_at is not null
         when 'resolved' then resolved_at is not null else true end
       and ($4::timestamptz is null or (raised_at, id) < ($4::timestamptz, $5))
     order by raised_at desc, id desc limit $6`,
    [ask.tenantId, ask.kind, ask.state, ask.before?.[0] ?? null, ask.before?.[1] ?? null, ask.limit],
  );
}

export async function eraseAlertsOf(tx: Tx, tenantId: string): Promise<void> {
  await tx.query("delete from alert_rules where tenant_id = $1", [tenantId]);
  // The reason that was given for leaving is the one thing here that somebody wrote.
  await tx.query("update alerts set data = data - 'reason' where tenant_id = $1 and data ? 'reason'", [tenantId]);
}
