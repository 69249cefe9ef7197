/** The statements behind streams: places to begin from, and what comes after one, for one tenant or for all that are followed. */
import type { Database } from "../db/pool.ts";
import type { EventRow, Position } from "./history.ts";
import { before, type Place, placeOf } from "./place.ts";

/** How far back among a tenant's events an id is looked for. */
export const REPLAY_WINDOW = 10_000;

/** Where an event stands; null: it is not among the latest of this tenant. Until it is `settled`, others may yet come to stand before it. */
export async function findPlace(db: Database, tenantId: string, eventId: string): Promise<{ place: Place; settled: boolean } | null> {
  // Most who come back were away for a moment, so the first look goes not far.
  for (const window of [100, REPLAY_WINDOW]) {
    const [row] = await db.query<Position & { settled: boolean }>(
      `select recent.xid::text, recent.seq::text, recent.xid < pg_snapshot_xmin(pg_current_snapshot()) as settled from (
         select xid, seq, id from billing_events where tenant_id = $1 order by xid desc, seq desc limit $3
       ) recent where recent.id = $2`,
      [tenantId, eventId, window],
    );
    if (row) return { place: placeOf(row), settled: row.settled };
  }
  return null;
}

/** The place behind all that can be told now, and the tenant's last event before it, if there is one. */
export async function findNow(db: Database, tenantId: string): Promise<{ place: Place; lastId: string | null }> {
  const [row] = await db.query<{ horizon: string; last_id: string | null }>(
    `with horizon as materialized (select pg_snapshot_xmin(pg_current_snapshot()) as xid)
     select horizon.xid::text as horizon, (
       select id from billing_events where tenant_id = $1 and billing_events.xid < horizon.xid
       order by billing_events.xid desc, billing_events.seq desc limit 1
     ) as last_id from horizon`,
    [tenantId],
  );
  return { place: before(row!.horizon), lastId: row!.last_id };
}

/** The place behind which there are so many events, of all tenants; null: there are fewer. */
export async function findLatest(db: Database, count: number): Promise<Place | null> {
  const [row] = await db.query<Position>(
    `/* all tenants: the stream in Redis has everybody's */ ${HEAD}
     select xid::text, seq::text from billing_events where xid < (select xid from horizon)
     order by billing_events.xid desc, billing_events.seq desc offset $1 limit 1`,
    [count],
  );
  return row ? placeOf(row) : null;
}

/** Whether this database has such an event; without an id, whether it has counted so far. */
export async function isInTable(db: Database, place: Place, eventId: string | null): Promise<boolean> {
  const [row] = await db.query<{ known: boolean }>(
    `/* all tenants: the stream in Redis has everybody's */
     select case when $3::text is null then $1::text::xid8 <= pg_snapshot_xmax(pg_current_snapshot())
       else exists (select 1 from billing_events where xid = $1::text::xid8 and seq = $2::bigint and id = $3) end as known`,
    [String(place.xid), String(place.seq), eventId],
  );
  return row!.known;
}

export interface Page {
  rows: (EventRow & Position)[];
  /** All up to here is in `rows`, or was before them. */
  upTo: Place;
  /** There is more already. */
  more: boolean;
}

interface Horizon {
  horizon: string;
  /** How many were looked at, whoever they belong to, and the last of them. */
  looked: number;
  last_xid: string | null;
  last_seq: string | null;
}

type Found = Horizon & EventRow & Position;

// Read first and filtered after: the way by the primary key, however many tenants are followed.
const HEAD = `with horizon as materialized (select pg_snapshot_xmin(pg_current_snapshot()) as xid)`;
const FIELDS =
  "fresh.xid::text, fresh.seq::text, fresh.id, fresh.tenant_id, fresh.type, fresh.subject, fresh.summary, fresh.data, fresh.source, fresh.occurred_at";

/** What one tenant has after a place. */
export async function readTenant(db: Database, tenantId: string, after: Place, limit: number): Promise<Page> {
  const found = await db.query<Found>(
    `${HEAD}, fresh as materialized (
       select * from billing_events where tenant_id = $1 and (xid, seq) > ($2::text::xid8, $3::bigint) and xid < (select xid from horizon)
       order by xid, seq limit $4
     )
     select horizon.xid::text as horizon, (select count(*)::integer from fresh) as looked, null as last_xid, null as last_seq, ${FIELDS}
     from horizon left join fresh on true order by fresh.xid, fresh.seq`,
    [tenantId, String(after.xid), String(after.seq), limit],
  );
  return pageOf(found, limit);
}

/** What these tenants have after a place, or all (null), in one read. `unsettled`: more is committed, but an older transaction still runs. */
export async function readFollowed(
  db: Database,
  tenants: readonly string[] | null,
  after: Place,
  limit: number,
): Promise<Page & { unsettled: boolean }> {
  const found = await db.query<Found & { unsettled: boolean }>(
    `/* all tenants: one read serves every stream of this process */ ${HEAD}, fresh as materialized (
       select * from billing_events where (xid, seq) > ($2::text::xid8, $3::bigint) and xid < (select xid from horizon)
       order by xid, seq limit $4
     ), last as (select xid, seq from fresh order by xid desc, seq desc limit 1)
     select horizon.xid::text as horizon, (select count(*)::integer from fresh) as looked,
       (select xid::text from last) as last_xid, (select seq::text from last) as last_seq,
       exists (select 1 from billing_events e where e.xid >= horizon.xid) as unsettled, ${FIELDS}
     from horizon left join fresh on $1::text[] is null or fresh.tenant_id = any($1) order by fresh.xid, fresh.seq`,
    [tenants, String(after.xid), String(after.seq), limit],
  );
  return { ...pageOf(found, limit), unsettled: found[0]!.unsettled };
}

function pageOf(found: Found[], limit: number): Page {
  const { horizon, looked, last_xid, last_seq } = found[0]!;
  const rows = found.filter((row) => row.id !== null);
  const more = looked >= limit;
  const last = last_xid === null || last_seq === null ? rows.at(-1) : { xid: last_xid, seq: last_seq };
  return { rows, more, upTo: more && last ? placeOf(last) : before(horizon) };
}
