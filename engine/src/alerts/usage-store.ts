/** SQL of the sweep for unusual use: the day, the day before, and what days of their kind were like. */
import type { Database } from "../db/pool.ts";

export interface DayRow {
  tenant_id: string;
  meter_no: number;
  /** Hours since 1970 at which the day begins. */
  day: number;
  value: string;
  median: string;
  mad: string;
  days: number;
}

export interface ActiveRow {
  tenant_no: number;
  tenant_id: string;
  /** By the tenant's clock, the hour since 1970 at which today began in UTC. */
  today: number;
}

/** Tenants that used anything in the two weeks before today. By their number, a slice at a time. */
export function readActive(db: Database, now: string, after: number, limit: number): Promise<ActiveRow[]> {
  return db.query<ActiveRow>(
    `/* all tenants: the sweep works for everybody */
     select t.no as tenant_no, t.id as tenant_id, d.today from tenants t left join test_clocks c on c.id = t.test_clock_id,
       lateral (select (extract(epoch from date_trunc('day', coalesce(c.now_at, $1::timestamptz)))::bigint / 3600)::int as today) d
     where t.no > $2 and exists (select from usage_rollups r where r.tenant_no = t.no and r.hour >= d.today - 336) order by t.no limit $3`,
    [now, after, limit],
  );
}

/**
 * Today so far and yesterday, each with the median and the MAD of the days of its kind before it: eight weeks, since the meter was first used.
 * Days without use count as nothing. Medians are values that were (percentile_disc), so nothing is rounded.
 */
export function readDays(db: Database, tenants: readonly ActiveRow[], summed: readonly number[]): Promise<DayRow[]> {
  return db.query<DayRow>(
    `/* all tenants: the sweep works for everybody */
     with asked as (
       select * from unnest($1::int[], $2::text[], $3::int[]) as a (tenant_no, tenant_id, today)
     ), used as (
       select a.tenant_no, a.tenant_id, a.today, r.meter_no, (floor(r.hour / 24.0) * 24)::int as day, sum(case when r.meter_no = any($4::int[]) then r.total else r.n end) as value
       from asked a join usage_rollups r on r.tenant_no = a.tenant_no and r.hour >= a.today - 57 * 24 and r.hour < a.today + 24 group by 1, 2, 3, 4, 5
     ), firsts as (
       select tenant_no, tenant_id, today, meter_no, min(day) as first from used group by 1, 2, 3, 4
     ), days as (
       select f.*, d.day, coalesce(u.value, 0) as value, (d.day / 24 + 3) % 7 >= 5 as weekend
       from firsts f cross join lateral generate_series(f.first, f.today, 24) as d (day) left join used u using (tenant_no, meter_no, day)
     ), judged as (
       select * from days where day in (today, today - 24)
     )
     select j.tenant_id, j.meter_no, j.day, j.value::text, coalesce(m.median, 0)::text as median,
       coalesce((select percentile_disc(0.5) within group (order by abs(d.value - m.median)) from days d
         where d.tenant_no = j.tenant_no and d.meter_no = j.meter_no and d.weekend = j.weekend and d.day < j.day), 0)::text as mad, coalesce(m.days, 0)::int as days
     from judged j left join lateral (
       select percentile_disc(0.5) within group (order by d.value) as median, count(*) as days from days d
       where d.tenant_no = j.tenant_no and d.meter_no = j.meter_no and d.weekend = j.weekend and d.day < j.day
     ) m on true
     order by j.tenant_no, j.meter_no, j.day`,
    [tenants.map((one) => one.tenant_no), tenants.map((one) => one.tenant_id), tenants.map((one) => one.today), summed],
  );
}
