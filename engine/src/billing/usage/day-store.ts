/** SQL of the days that were announced. */
import type { Tx } from "../../commit.ts";
import { type Database, onPlatform, type Pool } from "../../db/pool.ts";
import { formatInstant, type Instant } from "../time/instant.ts";

/** Tenants with usage within so many hours before their own now, by number, `limit` after `afterNo`. */
export async function tenantsWithUsage(
  pool: Pool,
  now: Instant,
  hours: number,
  afterNo: number,
  limit: number,
): Promise<{ id: string; no: number }[]> {
  return onPlatform(pool).query<{ id: string; no: number }>(
    `/* all tenants: the sweep of all days */
     select t.id, t.no from tenants t left join test_clocks c on c.id = t.test_clock_id
     where t.no > $3 and exists (
       select 1 from usage_rollups r where r.tenant_no = t.no
         and r.hour > extract(epoch from coalesce(c.now_at, $1::timestamptz)) / 3600 - $2 and r.hour <= extract(epoch from coalesce(c.now_at, $1::timestamptz)) / 3600)
     order by t.no limit $4`,
    [formatInstant(now), hours, afterNo, limit],
  );
}

/** Which of these days have nothing announced of them yet, though the tenant has used something around them. */
export async function openDays(db: Database, tenantNo: number, days: readonly { start: Instant; end: Instant }[]): Promise<Instant[]> {
  const rows = await db.query<{ start_at: Instant }>(
    `select d.start_at from unnest($2::timestamptz[], $3::timestamptz[]) as d (start_at, end_at)
     where not exists (select 1 from usage_days u where u.tenant_no = $1 and u.day_start = d.start_at)
       and exists (select 1 from usage_rollups r where r.tenant_no = $1
         and r.hour >= floor(extract(epoch from d.start_at) / 3600) and r.hour < ceil(extract(epoch from d.end_at) / 3600))`,
    [tenantNo, days.map(({ start }) => formatInstant(start)), days.map(({ end }) => formatInstant(end))],
  );
  return rows.map((row) => row.start_at);
}

/** What is new of these: never announced, or with another total, which is the one of `before`. */
export async function noteDays(
  tx: Tx,
  day: { tenantNo: number; start: Instant },
  totals: readonly { meterNo: number; total: string }[],
): Promise<{ meter_no: number; before: string | null }[]> {
  return tx.query<{ meter_no: number; before: string | null }>(
    `with given as (select $1::int as tenant_no, $2::timestamptz as day_start, g.* from unnest($3::int[], $4::numeric[]) as g (meter_no, total)),
       known as (select u.* from usage_days u join given using (tenant_no, day_start, meter_no)),
       put as (
         insert into usage_days as u (tenant_no, meter_no, day_start, total)
         select tenant_no, meter_no, day_start, total from given order by meter_no
         on conflict (tenant_no, day_start, meter_no) do update set total = excluded.total where u.total <> excluded.total
         returning u.meter_no)
     select put.meter_no, known.total::text as before from put left join known using (meter_no)`,
    [day.tenantNo, formatInstant(day.start), totals.map(({ meterNo }) => meterNo), totals.map(({ total }) => total)],
  );
}
