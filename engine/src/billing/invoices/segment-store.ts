/** SQL of the parts of periods. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { Segment } from "./segment.ts";

interface Row {
  subscription_id: string;
  service_start: Instant;
  service_end: Instant;
  period_start: Instant;
  period_end: Instant;
  full_start: Instant;
  full_end: Instant;
  plan_key: string;
  plan_version: number;
  seats: number;
  sold_plan_key: string;
  sold_plan_version: number;
  sold_seats: number;
  allowance_end: Instant | null;
}

const COLUMNS = `subscription_id, service_start, service_end, period_start, period_end, full_start, full_end, plan_key, plan_version, seats,
  sold_plan_key, sold_plan_version, sold_seats, allowance_end`;

/** By subscription, in order of time; only of periods that were changed. */
export async function readSegments(
  db: Database,
  asks: readonly { subscriptionId: string; tenantId: string; since: Instant }[],
): Promise<Map<string, Segment[]>> {
  const found = new Map<string, Segment[]>();
  if (asks.length === 0) return found;
  const rows = await db.query<Row>(
    `select s.*
     from unnest($1::text[], $2::text[], $3::timestamptz[]) as ask (subscription_id, tenant_id, since)
     cross join lateral (
       -- The fence keeps one index look-up an ask, also while the table is young.
       select ${COLUMNS} from service_segments
       where subscription_id = ask.subscription_id and tenant_id = ask.tenant_id and service_end > ask.since
       offset 0
     ) s order by s.subscription_id, s.service_start`,
    [asks.map((ask) => ask.subscriptionId), asks.map((ask) => ask.tenantId), asks.map((ask) => formatInstant(ask.since))],
  );
  for (const row of rows) {
    const list = found.get(row.subscription_id);
    if (list) list.push(segmentOf(row));
    else found.set(row.subscription_id, [segmentOf(row)]);
  }
  return found;
}

/** The parts of one period, in place of those that were known. */
export async function replaceSegments(
  tx: Tx,
  whose: { tenantId: string; subscriptionId: string },
  periodStart: Instant,
  segments: readonly Segment[],
): Promise<void> {
  await tx.query("delete from service_segments where subscription_id = $1 and tenant_id = $2 and period_start = $3", [
    whose.subscriptionId,
    whose.tenantId,
    formatInstant(periodStart),
  ]);
  const instants = (pick: (segment: Segment) => Instant) => segments.map((segment) => formatInstant(pick(segment)));
  await tx.query(
    `insert into service_segments (tenant_id, ${COLUMNS})
     select $1, $2, * from unnest($3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[],
       $9::text[], $10::int[], $11::int[], $12::text[], $13::int[], $14::int[], $15::timestamptz[])`,
    [
      whose.tenantId,
      whose.subscriptionId,
      instants((segment) => segment.service.start),
      instants((segment) => segment.service.end),
      instants((segment) => segment.period.start),
      instants((segment) => segment.period.end),
      instants((segment) => segment.full.start),
      instants((segment) => segment.full.end),
      segments.map((segment) => segment.inForce.planKey),
      segments.map((segment) => segment.inForce.planVersion),
      segments.map((segment) => segment.inForce.seats),
      segments.map((segment) => segment.sold.planKey),
      segments.map((segment) => segment.sold.planVersion),
      segments.map((segment) => segment.sold.seats),
      segments.map(({ allowanceEnd }) => (allowanceEnd === undefined ? null : formatInstant(allowanceEnd))),
    ],
  );
}

function segmentOf(row: Row): Segment {
  return {
    service: { start: row.service_start, end: row.service_end },
    period: { start: row.period_start, end: row.period_end },
    ...(row.allowance_end === null ? {} : { allowanceEnd: row.allowance_end }),
    full: { start: row.full_start, end: row.full_end },
    inForce: { planKey: row.plan_key, planVersion: row.plan_version, seats: row.seats },
    sold: { planKey: row.sold_plan_key, planVersion: row.sold_plan_version, seats: row.sold_seats },
  };
}
