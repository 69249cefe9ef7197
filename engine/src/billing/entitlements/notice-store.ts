/** SQL of announced limits, and of what the sweep looks at. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { Window } from "../time/window.ts";
import type { Threshold } from "./decide.ts";

export interface Notice {
  tenantNo: number;
  feature: string;
  window: Window;
  start: Instant;
  end: Instant;
  /** Decimal text. */
  amount: string;
  threshold: Threshold;
}

/** The places of those that nobody had announced: once for each limit, window and threshold, over all processes. */
export async function insertNotices(tx: Tx, notices: readonly Notice[]): Promise<ReadonlySet<number>> {
  const rows = await tx.query<{ place: number }>(
    `with asked as (
       select * from unnest($1::int[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::numeric[], $7::text[])
         with ordinality as i (tenant_no, feature, limit_window, window_start, window_end, amount, threshold, place)
     ), fresh as (
       insert into limit_notices (tenant_no, feature, limit_window, window_start, window_end, amount, threshold, noticed_at)
       select tenant_no, feature, limit_window, window_start, window_end, amount, threshold, $8 from asked order by 1, 2, 3, 4, 6, 7
       on conflict (tenant_no, feature, limit_window, window_start, amount, threshold) do nothing
       returning tenant_no, feature, limit_window, window_start, amount, threshold
     )
     select (a.place - 1)::int as place from asked a
     join fresh f using (tenant_no, feature, limit_window, window_start, amount, threshold) order by 1`,
    [
      notices.map((one) => one.tenantNo),
      notices.map((one) => one.feature),
      notices.map((one) => one.window),
      notices.map((one) => formatInstant(one.start)),
      notices.map((one) => formatInstant(one.end)),
      notices.map((one) => one.amount),
      notices.map((one) => one.threshold),
      formatInstant(tx.now),
    ],
  );
  return new Set(rows.map((row) => row.place));
}

/** Which thresholds of these windows were announced already; a read, so that most evaluations write nothing. */
export async function findNotices(db: Database, notices: readonly Notice[]): Promise<ReadonlySet<number>> {
  const rows = await db.query<{ place: number }>(
    `select (i.place - 1)::int as place
     from unnest($1::int[], $2::text[], $3::text[], $4::timestamptz[], $5::numeric[], $6::text[])
       with ordinality as i (tenant_no, feature, limit_window, window_start, amount, threshold, place)
     join limit_notices n using (tenant_no, feature, limit_window, window_start, amount, threshold)`,
    [
      notices.map((one) => one.tenantNo),
      notices.map((one) => one.feature),
      notices.map((one) => one.window),
      notices.map((one) => formatInstant(one.start)),
      notices.map((one) => one.amount),
      notices.map((one) => one.threshold),
    ],
  );
  return new Set(rows.map((row) => row.place));
}

/** What was received, by order of receipt: from `from`, as far as `to`. */
export interface Stretch {
  from: bigint;
  seen: bigint;
  to: bigint;
}

/** From where the sweep before the last one began, since a transaction that was slow then may have come in behind it. */
export async function lockSweep(tx: Tx): Promise<Stretch> {
  const rows = await tx.query<Stretch>(
    `/* all tenants: the sweep looks at everybody's */
     select s.previous_seq as "from", s.seq as seen, (b.last_value + 1) * 65536 as "to" from limit_sweep s, usage_batches b for update of s`,
  );
  return rows[0]!;
}

export async function moveSweep(tx: Tx, { seen, to }: Stretch): Promise<void> {
  await tx.query("update limit_sweep set previous_seq = greatest(previous_seq, $1), seq = greatest(seq, $2)", [
    seen.toString(),
    to.toString(),
  ]);
}

export interface ReceivedRow {
  tenant_id: string;
  event: string;
  /** Since 1970. */
  minutes: number[];
}

export async function findReceived(db: Database, { from, to }: Stretch, events: readonly string[]): Promise<ReceivedRow[]> {
  return db.query<ReceivedRow>(
    `/* all tenants: the sweep looks at everybody's */
     select t.id as tenant_id, e.event, array_agg(distinct floor(extract(epoch from e.at) / 60)::int) as minutes
     from usage_events e join tenants t on t.no = e.tenant_no
     where e.seq >= $1 and e.seq < $2 and e.event = any($3::text[]) group by t.id, e.event`,
    [from.toString(), to.toString(), events],
  );
}

/** Of windows so long over that no usage can fall into them any more. */
export async function deleteOldNotices(tx: Tx, before: Instant): Promise<void> {
  await tx.query("/* all tenants: by age alone */ delete from limit_notices where window_end < $1", [formatInstant(before)]);
}
