/** SQL of the sweep for low balances. */
import type { Database } from "../db/pool.ts";

export interface WalletRow {
  tenant_id: string;
  available: string;
  last_seq: bigint;
  threshold: string;
  /** Its balance has been up to the threshold since it was last told of. */
  armed: boolean;
}

/** Wallets that moved since they were looked at, and all of those whose threshold may be another now. */
export function readMoved(db: Database, threshold: string, limit: number, after: string): Promise<WalletRow[]> {
  return db.query<WalletRow>(
    `/* all tenants: the sweep works for everybody */
     with moved as (
       select w.tenant_id, w.available, w.last_seq, coalesce(m.armed, false) as armed, coalesce(m.seen_seq, 0) as seen_seq,
         coalesce((r.settings ->> 'threshold')::numeric, $1::numeric) as threshold
       from credit_wallets w
       left join alert_wallets m on m.tenant_id = w.tenant_id
       left join alert_rules r on r.tenant_id = w.tenant_id and r.kind = 'low_credits'
       where w.tenant_id > $3 and (m.seen_seq is distinct from w.last_seq or m.armed = (w.available < coalesce((r.settings ->> 'threshold')::numeric, $1::numeric)))
       order by w.tenant_id limit $2
     )
     select tenant_id, available::text, last_seq, threshold::text,
       armed or available >= threshold or exists (
         select from credit_transfers t where t.tenant_id = moved.tenant_id and t.seq > moved.seen_seq and t.balance_after >= moved.threshold
       ) as armed
     from moved order by tenant_id`,
    [threshold, limit, after],
  );
}

export async function markSeen(
  db: Database,
  rows: readonly (Pick<WalletRow, "tenant_id" | "last_seq"> & { armed: boolean })[],
): Promise<void> {
  if (rows.length === 0) return;
  await db.query(
    `insert into alert_wallets (tenant_id, seen_seq, armed) select * from unnest($1::text[], $2::bigint[], $3::boolean[])
     on conflict (tenant_id) do update set seen_seq = excluded.seen_seq, armed = excluded.armed where alert_wallets.seen_seq <= excluded.seen_seq`,
    [rows.map((row) => row.tenant_id), rows.map((row) => row.last_seq.toString()), rows.map((row) => row.armed)],
  );
}
