/** Reading events: a tenant's history, and the one order that a follower can trust. */
import type { Instant } from "../billing/time/instant.ts";
import type { Database } from "../db/pool.ts";

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
const COLUMNS = "seq::text, id, tenant_id, type, subject, summary, data, source, occurred_at";

export async function listEvents(
  db: Database,
  tenantId: string,
  filter: { type: string | null; before: string | null; limit: number },
): Promise<EventRow[]> {
  return db.query<EventRow>(
    `select ${COLUMNS} from billing_events
     where tenant_id = $1 and ($2::text is null or type = $2) and ($3::bigint is null or seq < $3) order by billing_events.seq desc limit $4`,
    [tenantId, filter.type, filter.before, filter.limit],
  );
}

/** Where a follower stands: all events up to it were seen. */
export interface Position {
  xid: string;
  seq: string;
}

export const BEGINNING: Position = { xid: "0", seq: "0" };

/**
 * What comes after a position, in an order without gaps: numbers are handed out before their transactions commit, so
 * only events of transactions older than every one still running are answered; none can appear behind them later.
 */
export async function followEvents(db: Database, after: Position, limit: number): Promise<(EventRow & Position)[]> {
  return db.query<EventRow & Position>(
    `/* all tenants: followers serve everybody */
     select xid::text, ${COLUMNS} from billing_events
     where (xid, seq) > ($1::text::xid8, $2::bigint) and xid < pg_snapshot_xmin(pg_current_snapshot()) order by billing_events.xid, billing_events.seq limit $3`,
    [after.xid, after.seq, limit],
  );
}
