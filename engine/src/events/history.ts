/** Reading events: a tenant's history, and the one order that a follower can trust. */
import type { Instant } from "../billing/time/instant.ts";
import { formatInstant } from "../billing/time/instant.ts";
import type { Database } from "../db/pool.ts";
import type { EventType } from "./types.ts";

export interface EventRow {
  seq: string;
  id: string;
  tenant_id: string | null;
  type: string;
  subject: string | null;
  summary: string;
  data: Record<string, unknown>;
  source: string;
  occurred_at: Instant;
}

// `order by seq` alone would mean this text, in which 9 comes after 10: orders name the table.
const COLUMNS = "xid::text, seq::text, id, tenant_id, type, subject, summary, data, source, occurred_at";

/** Where a follower stands: all events up to it were seen. */
export interface Position {
  xid: string;
  seq: string;
}

export const BEGINNING: Position = { xid: "0", seq: "0" };

export interface HistoryFilter {
  /** null: all. */
  types: readonly EventType[] | null;
  sources: readonly string[] | null;
  /** By `occurred_at`: from this instant on, and before that one. */
  from: Instant | null;
  to: Instant | null;
}

/** A page of a tenant's events, newest first: those before a position, and all that is committed is there at once. */
export async function listEvents(
  db: Database,
  tenantId: string,
  { types, sources, from, to }: HistoryFilter,
  before: Position | null,
  limit: number,
): Promise<(EventRow & Position)[]> {
  return db.query<EventRow & Position>(
    `select ${COLUMNS} from billing_events
     where tenant_id = $1 and ($2::text[] is null or type = any($2)) and ($3::text[] is null or source = any($3))
       and ($4::timestamptz is null or occurred_at >= $4) and ($5::timestamptz is null or occurred_at < $5)
       and ($6::text is null or (xid, seq) < ($6::text::xid8, $7::bigint))
     order by billing_events.xid desc, billing_events.seq desc limit $8`,
    [
      tenantId,
      types,
      sources,
      from === null ? null : formatInstant(from),
      to === null ? null : formatInstant(to),
      before?.xid ?? null,
      before?.seq ?? null,
      limit,
    ],
  );
}

/**
 * What comes after a position, in an order without gaps: numbers are handed out before their transactions commit, so
 * only events of transactions older than every one still running are answered; none can appear behind them later.
 */
export async function followEvents(db: Database, after: Position, limit: number): Promise<(EventRow & Position)[]> {
  return db.query<EventRow & Position>(
    `/* all tenants: followers serve everybody */
     select ${COLUMNS} from billing_events
     where (xid, seq) > ($1::text::xid8, $2::bigint) and xid < pg_snapshot_xmin(pg_current_snapshot())
     order by billing_events.xid, billing_events.seq limit $3`,
    [after.xid, after.seq, limit],
  );
}
