/** SQL of deliveries under way: claiming them with a lease, and writing down what became of an attempt. */
import { formatInstant, type Instant } from "../../billing/time/instant.ts";
import { type Database, onPlatform, type Pool } from "../../db/pool.ts";
import type { EventRow } from "../../events/history.ts";
import type { DisabledReason } from "./store.ts";

/** A delivery as it is sent. */
export interface Claimed {
  id: string;
  endpoint_id: string;
  event_id: string;
  event_type: string;
  attempts: number;
  fence: number;
  created_at: Instant;
  tenant_id: string | null;
  url: string;
  event_types: string[];
  /** The endpoint has not answered well for a while. */
  failing: boolean;
  /** null: made up to try the endpoint. */
  event: (Pick<EventRow, "id" | "tenant_id" | "type" | "subject" | "summary" | "data" | "source"> & { occurred_at: Instant }) | null;
  secrets: { key_id: string; sealed: Buffer }[];
}

interface ClaimedRow extends Omit<Claimed, "event" | "secrets">, Omit<EventRow, "id" | "tenant_id" | "seq" | "type"> {
  known: boolean;
  event_tenant: string | null;
  type: string;
  key_ids: string[];
  sealed: Buffer[];
}

/**
 * Takes what is due, of each endpoint a few, so that one that is slow holds up no other; of one that fails, one. Where order is asked for, only the first of each tenant that is not done
 * yet: whoever follows waits.
 */
export async function claimDeliveries(
  pool: Pool,
  at: { now: Instant; until: Instant },
  limits: { all: number; each: number; busy: readonly string[] },
): Promise<Claimed[]> {
  const rows = await onPlatform(pool).query<ClaimedRow>(
    `/* all tenants: the worker sends for everybody */
     with claimed as (
       update webhook_deliveries set state = 'sending', due_at = $2, attempts = attempts + 1, fence = fence + 1
       where id in (
         select due.id from webhook_endpoints e cross join lateral (
           select d.id, d.due_at from webhook_deliveries d
           where d.endpoint_id = e.id and d.due_at <= $1
             and (not e.ordered or d.event_xid is null or not exists (
               select 1 from webhook_deliveries p where p.endpoint_id = d.endpoint_id and p.event_tenant is not distinct from d.event_tenant
                 and p.due_at is not null and (p.event_xid, p.event_seq) < (d.event_xid, d.event_seq)))
           order by d.due_at, d.event_xid, d.event_seq limit case when e.failing_since is null then $4::integer else 1 end for update of d skip locked
         ) due where e.disabled_at is null and e.id <> all ($5) order by due.due_at limit $3)
       returning *
     )
     select c.id, c.endpoint_id, c.event_id, c.event_type, c.event_tenant, c.attempts, c.fence, c.created_at, e.tenant_id, e.url, e.event_types, e.failing_since is not null as failing,
       v.id is not null as known, v.type, v.subject, v.summary, v.data, v.source, v.occurred_at,
       array(select s.key_id from webhook_secrets s where s.endpoint_id = e.id and (s.expires_at is null or s.expires_at > $1) order by s.no desc) as key_ids,
       array(select s.sealed from webhook_secrets s where s.endpoint_id = e.id and (s.expires_at is null or s.expires_at > $1) order by s.no desc) as sealed
     from claimed c join webhook_endpoints e on e.id = c.endpoint_id
     left join billing_events v on v.xid = c.event_xid and v.seq = c.event_seq and v.id = c.event_id
     order by c.event_xid, c.event_seq`,
    [formatInstant(at.now), formatInstant(at.until), limits.all, limits.each, limits.busy],
  );
  return rows.map(({ known, key_ids, sealed, event_tenant, type, subject, summary, data, source, occurred_at, ...row }) => ({
    ...row,
    event: known ? { id: row.event_id, tenant_id: event_tenant, type, subject, summary, data, source, occurred_at } : null,
    secrets: key_ids.map((key_id, index) => ({ key_id, sealed: sealed[index]! })),
  }));
}

export interface Attempt {
  at: Instant;
  url: string;
  durationMs: number;
  status: number | null;
  error: string | null;
  body: string | null;
}

export interface Ending {
  state: "delivered" | "failed" | "dead";
  dueAt: Instant | null;
  /** What it says of the endpoint; null: nothing. */
  health: "well" | "failing" | null;
}

/** What became of an attempt, and how the endpoint is. `failingSince`: since when every attempt fails. null: somebody else has the delivery. */
export async function finishDelivery(
  db: Database,
  claimed: Pick<Claimed, "id" | "fence" | "endpoint_id">,
  attempt: Attempt,
  ending: Ending,
  at: Instant,
): Promise<{ failingSince: Instant | null } | null> {
  const [row] = await db.query<{ failing_since: Instant | null }>(
    `/* all tenants: one row, by its claim */
     with mine as (
       update webhook_deliveries set state = $3, due_at = $4, last_status = $5::integer, last_error = $6::text, finished_at = case when $3 = 'failed' then null else $7::timestamptz end
       where id = $1 and fence = $2 and state = 'sending' returning id, fence, tenant_id, endpoint_id, event_tenant
     ), logged as (
       insert into webhook_attempts (delivery_id, no, tenant_id, at, url, duration_ms, status, error, response_body)
       select id, fence, tenant_id, $8, $9, $10, $5::integer, $6::text,
         case when exists (select 1 from tenants t where t.id = event_tenant and t.erased_at is not null) then null else $11 end from mine
     ), health as (
       update webhook_endpoints e set failing_since = case when $12 = 'failing' then $7::timestamptz end from mine
       where e.id = mine.endpoint_id and $12::text is not null and (e.failing_since is null) = ($12 = 'failing')
       returning e.id
     )
     select case when $12 = 'failing' then coalesce(e.failing_since, $7::timestamptz) end as failing_since
     from mine join webhook_endpoints e on e.id = mine.endpoint_id`,
    [
      claimed.id,
      claimed.fence,
      ending.state,
      ending.dueAt === null ? null : formatInstant(ending.dueAt),
      attempt.status,
      attempt.error,
      formatInstant(at),
      formatInstant(attempt.at),
      attempt.url,
      attempt.durationMs,
      attempt.body,
      ending.health,
    ],
  );
  return row ? { failingSince: row.failing_since } : null;
}

/** When the next one is due; null: none is left. */
export async function nextDue(pool: Pool): Promise<Instant | null> {
  const [row] = await onPlatform(pool).query<{ due_at: Instant }>(
    "/* all tenants: the worker sends for everybody */ select due_at from webhook_deliveries where due_at is not null order by due_at limit 1",
  );
  return row?.due_at ?? null;
}

/** Disables an endpoint that is not yet; what waits for it is given up, and can be sent again afterwards. */
export async function disable(db: Database, id: string, reason: DisabledReason, at: Instant): Promise<boolean> {
  const rows = await db.query(
    "/* all tenants: one by its id */ update webhook_endpoints set disabled_at = $2, disabled_reason = $3, updated_at = $2 where id = $1 and disabled_at is null returning id",
    [id, formatInstant(at), reason],
  );
  return rows.length > 0;
}

export async function giveUpOpen(db: Database, endpointId: string, at: Instant): Promise<void> {
  await db.query(
    `/* all tenants: of one endpoint */
     update webhook_deliveries set state = 'dead', due_at = null, finished_at = $2, last_error = coalesce(last_error, 'the endpoint was disabled')
     where endpoint_id = $1 and due_at is not null and state <> 'sending'`,
    [endpointId, formatInstant(at)],
  );
}
