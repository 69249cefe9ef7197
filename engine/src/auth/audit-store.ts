/** SQL of audit_log. Rows are written by triggers on the tables they tell of (migration 0011), never from here. */
import type { Instant } from "../billing/time/instant.ts";
import type { Database } from "../db/pool.ts";

export interface AuditRow {
  seq: bigint;
  at: Instant;
  actor_kind: string;
  actor_id: string;
  actor_role: string | null;
  tenant_id: string | null;
  action: string;
  request_id: string | null;
  ip: string | null;
  user_agent: string | null;
  object_type: string;
  object_id: string;
  change: "created" | "updated" | "deleted";
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

export interface AuditAsk {
  /** null: of all tenants, and what is no tenant's. */
  tenantId: string | null;
  objectType: string | null;
  objectId: string | null;
  actor: string | null;
  /** RFC 3339; half-open. */
  from: string | null;
  to: string | null;
  before: string | null;
  limit: number;
}

export async function listAudit(db: Database, ask: AuditAsk): Promise<AuditRow[]> {
  return db.query<AuditRow>(
    `/* all tenants: where none is asked for */
     select seq, at, actor_kind, actor_id, actor_role, tenant_id, action, request_id, ip, user_agent, object_type, object_id, change, before, after
     from audit_log
     where ($1::text is null or tenant_id = $1) and ($2::text is null or object_type = $2) and ($3::text is null or object_id = $3)
       and ($4::text is null or actor_id = $4) and ($5::timestamptz is null or at >= $5) and ($6::timestamptz is null or at < $6)
       and ($7::bigint is null or seq < $7)
     order by seq desc limit $8`,
    [ask.tenantId, ask.objectType, ask.objectId, ask.actor, ask.from, ask.to, ask.before, ask.limit],
  );
}

/** The one change that the log allows: what is personal of an erased tenant (migration 0017). */
export async function eraseAuditTrail(db: Database, tenantId: string): Promise<void> {
  await db.query("select erase_audit_trail($1 /* tenant_id */)", [tenantId]);
}
