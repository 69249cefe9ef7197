/** SQL of what was delivered: lists, attempts, sending again, and forgetting what is old. */
import { formatInstant, type Instant } from "../../billing/time/instant.ts";
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import type { EventRow } from "../../events/history.ts";
import { newId } from "../../ids.ts";

export const DELIVERY_STATES = ["pending", "sending", "delivered", "failed", "dead"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

export interface DeliveryRow {
  id: string;
  endpoint_id: string;
  event_id: string;
  event_type: string;
  event_tenant: string | null;
  state: DeliveryState;
  attempts: number;
  due_at: Instant | null;
  last_status: number | null;
  last_error: string | null;
  created_at: Instant;
  finished_at: Instant | null;
}

const ROW =
  "id, endpoint_id, event_id, event_type, event_tenant, state, attempts, due_at, last_status, last_error, created_at, finished_at";

export interface DeliveryFilter {
  state: string | null;
  eventType: string | null;
  eventId: string | null;
  before: string | null;
  limit: number;
}

export async function listDeliveries(db: Database, endpointId: string, filter: DeliveryFilter): Promise<DeliveryRow[]> {
  return db.query<DeliveryRow>(
    `/* all tenants: of one endpoint, which may be seen */
     select ${ROW} from webhook_deliveries
     where endpoint_id = $1 and ($2::text is null or state = $2) and ($3::text is null or event_type = $3) and ($4::text is null or event_id = $4)
       and ($5::text is null or id < $5)
     order by id desc limit $6`,
    [endpointId, filter.state, filter.eventType, filter.eventId, filter.before, filter.limit],
  );
}

export interface DeliveryDetail extends DeliveryRow {
  tenant_id: string | null;
  url: string;
  event_types: string[];
  event: (Omit<EventRow, "seq"> & { occurred_at: Instant }) | null;
}

/** All null where the event is not kept any more, and `v_id` says so. */
type EventOfIt = Omit<NonNullable<DeliveryDetail["event"]>, "id" | "tenant_id"> & { v_id: string | null };

export async function findDelivery(db: Database, id: string): Promise<DeliveryDetail | null> {
  const [row] = await db.query<Pick<DeliveryDetail, "tenant_id" | "url" | "event_types"> & DeliveryRow & EventOfIt>(
    `/* all tenants: by row-level security, or for the operator */
     select d.${ROW.replaceAll(", ", ", d.")}, e.tenant_id, e.url, e.event_types,
       v.id as v_id, v.type, v.subject, v.summary, v.data, v.source, v.occurred_at
     from webhook_deliveries d join webhook_endpoints e on e.id = d.endpoint_id
     left join billing_events v on v.xid = d.event_xid and v.seq = d.event_seq and v.id = d.event_id
     where d.id = $1`,
    [id],
  );
  if (!row) return null;
  const { v_id, type, subject, summary, data, source, occurred_at, ...delivery } = row;
  const event = { id: row.event_id, tenant_id: row.event_tenant, type, subject, summary, data, source, occurred_at };
  return { ...delivery, event: v_id === null ? null : event };
}

export interface AttemptRow {
  no: number;
  at: Instant;
  url: string;
  duration_ms: number;
  status: number | null;
  error: string | null;
  response_body: string | null;
}

/** The latest first. */
export async function listAttempts(db: Database, deliveryId: string, limit: number): Promise<AttemptRow[]> {
  return db.query<AttemptRow>(
    `/* all tenants: of one delivery, which may be seen */
     select no, at, url, duration_ms, status, error, response_body from webhook_attempts where delivery_id = $1 order by no desc limit $2`,
    [deliveryId, limit],
  );
}

/** A new round for one. null: it is being sent right now. */
export async function restartDelivery(tx: Tx, id: string, at: Instant): Promise<DeliveryRow | null> {
  const [row] = await tx.query<DeliveryRow>(
    `/* all tenants: by row-level security, or for the operator */
     update webhook_deliveries set state = 'pending', attempts = 0, due_at = $2, finished_at = null where id = $1 and state <> 'sending' returning ${ROW}`,
    [id, formatInstant(at)],
  );
  return row ?? null;
}

export interface Span {
  since: Instant;
  until: Instant | null;
  /** What of a subscription means an event: by type. */
  types: readonly string[];
  /** Those that were delivered, too. */
  all: boolean;
  limit: number;
}

/**
 * A new round for each event of the span, a first one for those that the endpoint was never told of. Answers how many; one more than `limit`: there are more, and
 * the write is to be undone. By the time at which events were written down.
 */
export async function restartSpan(tx: Tx, endpoint: { id: string; tenant_id: string | null }, span: Span, at: Instant): Promise<number> {
  const events = await tx.query<{ id: string; tenant_id: string | null; type: string; xid: string; seq: string }>(
    `/* all tenants: the platform's endpoints hear of everybody, a tenant's of its own */
     select v.id, v.tenant_id, v.type, v.xid::text, v.seq::text from billing_events v
     where v.recorded_at >= $1 and ($2::timestamptz is null or v.recorded_at < $2) and v.type = any($3) and ($4::text is null or v.tenant_id = $4)
       and not exists (
         select 1 from webhook_deliveries d where d.endpoint_id = $5 and d.event_id = v.id and (d.state = 'sending' or (d.state = 'delivered' and not $6)))
     order by v.xid, v.seq limit $7`,
    [
      formatInstant(span.since),
      span.until === null ? null : formatInstant(span.until),
      span.types,
      endpoint.tenant_id,
      endpoint.id,
      span.all,
      span.limit + 1,
    ],
  );
  if (events.length === 0 || events.length > span.limit) return events.length;
  await tx.query(
    `/* all tenants: of one endpoint, which was locked */
     insert into webhook_deliveries as known (id, endpoint_id, tenant_id, event_id, event_tenant, event_type, event_xid, event_seq, state, due_at, created_at)
     select v.id, $1, $2, v.event_id, v.event_tenant, v.event_type, v.xid::xid8, v.seq::bigint, 'pending', $9, $9
     from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[]) as v (id, event_id, event_tenant, event_type, xid, seq)
     on conflict (endpoint_id, event_id) do update set state = 'pending', attempts = 0, due_at = excluded.due_at, finished_at = null
       where known.state <> 'sending'`,
    [
      endpoint.id,
      endpoint.tenant_id,
      events.map(() => newId("webhookDelivery")),
      events.map((event) => event.id),
      events.map((event) => event.tenant_id),
      events.map((event) => event.type),
      events.map((event) => event.xid),
      events.map((event) => event.seq),
      formatInstant(at),
    ],
  );
  return events.length;
}

/** A delivery that tells of nothing that happened. */
export async function insertTest(tx: Tx, endpoint: { id: string; tenant_id: string | null }, at: Instant): Promise<DeliveryRow> {
  const rows = await tx.query<DeliveryRow>(
    `insert into webhook_deliveries (id, endpoint_id, tenant_id, event_id, event_tenant, event_type, state, due_at, created_at)
     values ($1, $2, $3, $4, $3, 'webhook.test', 'pending', $5, $5) returning ${ROW}`,
    [newId("webhookDelivery"), endpoint.id, endpoint.tenant_id, newId("event"), formatInstant(at)],
  );
  return rows[0]!;
}

/** Answers how many. */
export async function deleteFinished(db: Database, before: Instant, limit: number): Promise<number> {
  const rows = await db.query(
    `/* all tenants: by age alone */
     delete from webhook_deliveries where id in (select id from webhook_deliveries where finished_at < $1 limit $2) returning id`,
    [formatInstant(before), limit],
  );
  return rows.length;
}

export async function eraseDeliveries(tx: Tx, tenantId: string): Promise<void> {
  await tx.query("select erase_deliveries($1 /* tenant_id */)", [tenantId]);
}
