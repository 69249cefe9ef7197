/** SQL of inbound events. Rows without a tenant are seen by the platform alone, so the workers ask as it. */

import { formatInstant, type Instant } from "../../billing/time/instant.ts";
import type { Tx } from "../../commit.ts";
import { type Database, onPlatform, type Pool } from "../../db/pool.ts";

export const INBOUND_STATES = ["pending", "working", "done", "ignored", "failed", "dead"] as const;
export type InboundState = (typeof INBOUND_STATES)[number];

export interface InboundRow {
  id: string;
  gateway: string;
  event_id: string;
  type: string;
  tenant_id: string | null;
  state: InboundState;
  deliveries: number;
  attempts: number;
  last_error: string | null;
  next_at: Instant | null;
  received_at: Instant;
  finished_at: Instant | null;
}
export type InboundBody = InboundRow & { body: Buffer | null };

const ROW = "id, gateway, event_id, type, tenant_id, state, deliveries, attempts, last_error, next_at, received_at, finished_at";

/** Stores an event once. Again the same id: one that failed is to be worked on again, anew if it was given up; any other stays as it is. */
export async function putInbound(
  tx: Tx,
  event: { id: string; gateway: string; eventId: string; type: string; body: Buffer },
  receivedAt: Instant,
): Promise<{ id: string; state: InboundState; deliveries: number }> {
  const rows = await tx.query<{ id: string; state: InboundState; deliveries: number }>(
    `/* all tenants: nobody knows yet whom it concerns */
     insert into inbound_events as known (id, gateway, event_id, type, state, body, received_at) values ($1, $2, $3, $4, 'pending', $5, $6)
     on conflict (gateway, event_id) do update set deliveries = known.deliveries + 1,
       state = case when known.state in ('failed', 'dead') then 'pending' else known.state end,
       attempts = case when known.state = 'dead' then 0 else known.attempts end,
       next_at = null, finished_at = case when known.state = 'dead' then null else known.finished_at end
     returning id, state, deliveries`,
    [event.id, event.gateway, event.eventId, event.type, event.body, formatInstant(receivedAt)],
  );
  return rows[0]!;
}

/** `new`: what waits, and what a crash left in the middle. `failed`: what is to be tried again by now. */
export async function claimInbound(
  pool: Pool,
  which: "new" | "failed",
  at: { now: Instant; until: Instant },
  limit: number,
): Promise<InboundBody[]> {
  const due =
    which === "new"
      ? "(state in ('pending', 'working') and (claimed_until is null or claimed_until < $1))"
      : "(state = 'failed' and next_at <= $1)";
  return onPlatform(pool).query<InboundBody>(
    `/* all tenants: the worker dispatches for everybody */
     update inbound_events set state = 'working', claimed_until = $2, attempts = attempts + 1, next_at = null
     where id in (select id from inbound_events where ${due} order by received_at, inbound_events.id limit $3 for update skip locked)
     returning ${ROW}, body`,
    [formatInstant(at.now), formatInstant(at.until), limit],
  );
}

/** Whom it concerns: written before the work, which is then confined to that tenant and still finds its row. */
export async function noteTenant(pool: Pool, row: InboundRow, tenantId: string): Promise<void> {
  await onPlatform(pool).query("/* all tenants: one row, which has none yet */ update inbound_events set tenant_id = $2 where id = $1", [
    row.id,
    tenantId,
  ]);
}

/** Of an erased tenant the body goes with the work on it. False where somebody else has taken the row since: `attempts` tells one claim from the next. */
export async function finishInbound(
  db: Database,
  row: InboundRow,
  to: { state: "done" | "ignored" | "failed" | "dead"; error: string | null; nextAt: Instant | null; at: Instant },
): Promise<boolean> {
  const rows = await db.query(
    `/* all tenants: one row, by its claim */
     update inbound_events set state = $3, last_error = $4, next_at = $5, claimed_until = null, finished_at = case when $3 = 'failed' then null else $6::timestamptz end,
       body = case when $3 <> 'failed' and exists (select 1 from tenants t where t.id = inbound_events.tenant_id and t.erased_at is not null) then null else body end
     where id = $1 and attempts = $2 and state = 'working' returning id`,
    [row.id, row.attempts, to.state, to.error, to.nextAt === null ? null : formatInstant(to.nextAt), formatInstant(to.at)],
  );
  return rows.length > 0;
}

export interface InboundFilter {
  gateway: string | null;
  state: string | null;
  type: string | null;
  tenantId: string | null;
  /** The gateway's own id. */
  eventId: string | null;
  before: string[] | null;
  limit: number;
}

export async function listInbound(db: Database, filter: InboundFilter): Promise<InboundRow[]> {
  return db.query<InboundRow>(
    `/* all tenants: for the operator */
     select ${ROW} from inbound_events
     where ($1::text is null or gateway = $1) and ($2::text is null or state = $2) and ($3::text is null or type = $3)
       and ($4::timestamptz is null or (received_at, id) < ($4, $5)) and ($7::text is null or tenant_id = $7) and ($8::text is null or event_id = $8)
     order by inbound_events.received_at desc, inbound_events.id desc limit $6`,
    [
      filter.gateway,
      filter.state,
      filter.type,
      filter.before?.[0] ?? null,
      filter.before?.[1] ?? null,
      filter.limit,
      filter.tenantId,
      filter.eventId,
    ],
  );
}

export async function findInbound(db: Database, id: string): Promise<InboundBody | null> {
  const rows = await db.query<InboundBody>(`/* all tenants: for the operator */ select ${ROW}, body from inbound_events where id = $1`, [
    id,
  ]);
  return rows[0] ?? null;
}

/** null: it is being worked on, or its body was erased. */
export async function restartInbound(tx: Tx, id: string): Promise<InboundRow | null> {
  const rows = await tx.query<InboundRow>(
    `/* all tenants: for the operator */
     update inbound_events set state = 'pending', attempts = 0, next_at = null, finished_at = null
     where id = $1 and state <> 'working' and body is not null returning ${ROW}`,
    [id],
  );
  return rows[0] ?? null;
}

/** What came is full of people; what it did stays in the books. What is still to be worked on loses its body when it is done. */
export async function eraseBodies(tx: Tx, tenantId: string): Promise<void> {
  await tx.query("update inbound_events set body = null where tenant_id = $1 and state in ('done', 'ignored', 'dead')", [tenantId]);
}
