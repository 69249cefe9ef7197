/** SQL that hands events out to endpoints, in the order that can be trusted (decision 0004). */
import { formatInstant, type Instant } from "../../billing/time/instant.ts";
import type { Tx } from "../../commit.ts";
import type { Position } from "../../events/history.ts";
import { newId } from "../../ids.ts";

export interface Bounds {
  /** Up to where events were handed out. */
  place: Position;
  /** Events of transactions before this one are all there. */
  horizon: string;
  /** From which transaction on there may be events for any endpoint; null: there is none that listens. */
  earliest: string | null;
  /** More is committed, but an older transaction still runs. */
  unsettled: boolean;
}

/** null: another process is at it. */
export async function lockBounds(tx: Tx): Promise<Bounds | null> {
  const [row] = await tx.query<{ xid: string; seq: string; horizon: string; earliest: string | null; unsettled: boolean }>(
    `/* all tenants: what happens to anybody is told to whoever asked for it */
     with place as materialized (select xid, seq from webhook_place for update skip locked),
       horizon as materialized (select pg_snapshot_xmin(pg_current_snapshot()) as xid),
       earliest as materialized (select pg_snapshot_xmin(since) as xid from webhook_endpoints where disabled_at is null order by pg_snapshot_xmin(since) limit 1)
     select place.xid::text, place.seq::text, horizon.xid::text as horizon, (select xid::text from earliest) as earliest,
       exists (select 1 from billing_events e where e.xid >= horizon.xid) as unsettled
     from place, horizon`,
  );
  if (!row) return null;
  const { xid, seq, horizon, earliest, unsettled } = row;
  return { place: { xid, seq }, horizon, earliest, unsettled };
}

export interface Match {
  endpoint_id: string;
  tenant_id: string | null;
  event_id: string;
  event_tenant: string | null;
  event_type: string;
  xid: string;
  seq: string;
}

/** Of the next events, which goes to whom. `words`: for each type, what of a subscription means it. */
export async function matchEvents(
  tx: Tx,
  span: { after: Position; horizon: string; limit: number },
  words: Readonly<Record<string, readonly string[]>>,
): Promise<{ looked: number; last: Position | null; matches: Match[] }> {
  const rows = await tx.query<Match & { looked: number; last_xid: string | null; last_seq: string | null }>(
    `/* all tenants: what happens to anybody is told to whoever asked for it */
     with fresh as materialized (
       select xid, seq, id, tenant_id, type from billing_events
       where (xid, seq) > ($1::text::xid8, $2::bigint) and xid < $3::text::xid8 order by xid, seq limit $4
     ), last as (select xid, seq from fresh order by xid desc, seq desc limit 1),
     types as materialized (
       select type, string_to_array(words, ' ') as words from unnest($5::text[], $6::text[]) as known (type, words)
       where type in (select type from fresh)
     ), asked as materialized (
       select e.id, e.tenant_id, e.since, types.type from webhook_endpoints e join types on e.event_types && types.words where e.disabled_at is null
     ), found as (
       select asked.id as endpoint_id, asked.tenant_id, fresh.xid, fresh.seq, fresh.id as event_id, fresh.tenant_id as event_tenant, fresh.type as event_type
       from fresh join asked on asked.type = fresh.type and asked.tenant_id = fresh.tenant_id and not pg_visible_in_snapshot(fresh.xid, asked.since)
       union all
       select asked.id, null, fresh.xid, fresh.seq, fresh.id, fresh.tenant_id, fresh.type
       from fresh join asked on asked.type = fresh.type and asked.tenant_id is null and not pg_visible_in_snapshot(fresh.xid, asked.since)
     )
     select (select count(*)::integer from fresh) as looked, (select xid::text from last) as last_xid, (select seq::text from last) as last_seq,
       found.endpoint_id, found.tenant_id, found.xid::text, found.seq::text, found.event_id, found.event_tenant, found.event_type
     from (select 1) as always left join found on true order by found.xid, found.seq`,
    [span.after.xid, span.after.seq, span.horizon, span.limit, Object.keys(words), Object.values(words).map((list) => list.join(" "))],
  );
  const { looked, last_xid, last_seq } = rows[0]!;
  const last = last_xid === null || last_seq === null ? null : { xid: last_xid, seq: last_seq };
  return { looked, last, matches: rows.filter((row) => row.endpoint_id !== null) };
}

/** A row for each; an endpoint that was deleted meanwhile gets none. */
export async function insertDeliveries(tx: Tx, matches: readonly Match[], at: Instant): Promise<void> {
  await tx.query(
    `/* all tenants: what happens to anybody is told to whoever asked for it */
     insert into webhook_deliveries (id, endpoint_id, tenant_id, event_id, event_tenant, event_type, event_xid, event_seq, state, due_at, created_at)
     select m.id, m.endpoint_id, e.tenant_id, m.event_id, m.event_tenant, m.event_type, m.xid::xid8, m.seq::bigint, 'pending', $8, $8
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
       as m (id, endpoint_id, event_id, event_tenant, event_type, xid, seq)
     join webhook_endpoints e on e.id = m.endpoint_id for key share of e
     on conflict (endpoint_id, event_id) do nothing`,
    [
      matches.map(() => newId("webhookDelivery")),
      matches.map((one) => one.endpoint_id),
      matches.map((one) => one.event_id),
      matches.map((one) => one.event_tenant),
      matches.map((one) => one.event_type),
      matches.map((one) => one.xid),
      matches.map((one) => one.seq),
      formatInstant(at),
    ],
  );
}

/** Only ever forwards. */
export async function movePlace(tx: Tx, to: Position): Promise<void> {
  await tx.query(
    "/* no tenant: one place for all */ update webhook_place set xid = $1::text::xid8, seq = $2 where (xid, seq) < ($1::text::xid8, $2::bigint)",
    [to.xid, to.seq],
  );
}
