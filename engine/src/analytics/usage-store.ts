/** SQL of what was used, from the rollups by the hour. */

import type { Instant } from "../billing/time/instant.ts";
import type { Database } from "../db/pool.ts";
import type { Granularity } from "./window.ts";

const HOUR = 3_600_000;

export interface UsageScope {
  meterNos: readonly number[];
  testClockId: string | null;
}

export interface UsageRow {
  meter_no: number;
  start: Instant;
  events: string;
  total: string | null;
  low: string | null;
  high: string | null;
  tenants: number;
}

// Buckets of a window begin at whole hours, and so do those of the rollups; `to` is rounded up to one.
const hours = ({ start, end }: { start: Instant; end: Instant }) => [Math.floor(start / HOUR), Math.ceil(end / HOUR)];

export function readUsage(
  db: Database,
  window: { start: Instant; end: Instant; granularity: Granularity },
  scope: UsageScope,
): Promise<UsageRow[]> {
  return db.query<UsageRow>(
    `/* all tenants: figures of the operator */
     select r.meter_no, date_trunc($3, to_timestamp(r.hour::bigint * 3600)) as start, sum(r.n)::text as events, sum(r.total)::text as total, min(r.low)::text as low,
       max(r.high)::text as high, count(distinct r.tenant_no)::int as tenants
     from usage_rollups r where r.meter_no = any($4::int[]) and r.hour >= $1 and r.hour < $2
       and ($5::text is null or r.tenant_no in (select no from tenants where test_clock_id = $5))
     group by 1, 2 order by 1, 2`,
    [...hours(window), window.granularity, scope.meterNos, scope.testClockId],
  );
}

export interface UserRow {
  meter_no: number;
  tenant_id: string;
  name: string | null;
  events: string;
  total: string | null;
}

/** Of each meter the ten tenants with most of it: by what it adds up, else by the number of events. */
export function readTopTenants(db: Database, window: { start: Instant; end: Instant }, scope: UsageScope): Promise<UserRow[]> {
  return db.query<UserRow>(
    `/* all tenants: figures of the operator */
     with sums as (
       select r.meter_no, r.tenant_no, sum(r.n) as events, sum(r.total) as total from usage_rollups r
       where r.meter_no = any($3::int[]) and r.hour >= $1 and r.hour < $2 and ($4::text is null or r.tenant_no in (select no from tenants where test_clock_id = $4))
       group by 1, 2
     ), ranked as (
       select *, row_number() over (partition by meter_no order by total desc nulls last, events desc, tenant_no) as place from sums
     )
     select k.meter_no, t.id as tenant_id, t.name, k.events::text as events, k.total::text as total
     from ranked k join tenants t on t.no = k.tenant_no where k.place <= 10 order by k.meter_no, k.place`,
    [...hours(window), scope.meterNos, scope.testClockId],
  );
}
