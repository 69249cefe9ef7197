/** SQL that aggregates: whole hours from the rollups, anything else from the events. Both answer the same columns. */
import type { Database } from "../../db/pool.ts";
import type { Meter } from "../catalog/meter.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { Filters } from "./filter.ts";
import type { PartialRow } from "./partial.ts";
import { needsNumber } from "./reading.ts";

/** Whole hours since 1970, half-open. */
export interface HourRange {
  /** The caller's number of it. */
  ask: number;
  tenantNo: number;
  meterNo: number;
  fromHour: number;
  toHour: number;
}

export interface RollupRow extends PartialRow {
  ask: number;
  group_key: string | null;
  /** Not null: events with a seq below it are not in the rollups. */
  rolled_from: bigint | null;
}

/** `split`: a row for each group of the meter (none if there is no event); otherwise one row a range. */
export async function readRollups(
  db: Database,
  ranges: readonly HourRange[],
  options: { split: boolean; timed: boolean },
): Promise<RollupRow[]> {
  return db.query<RollupRow>(ROLLUPS[options.split ? 1 : 0][options.timed ? 1 : 0], [
    ranges.map((range) => range.ask),
    ranges.map((range) => range.tenantNo),
    ranges.map((range) => range.meterNo),
    ranges.map((range) => range.fromHour),
    ranges.map((range) => range.toHour),
  ]);
}

const ROLLUPS = [
  [rollupStatement(false, false), rollupStatement(false, true)],
  [rollupStatement(true, false), rollupStatement(true, true)],
] as const;

function rollupStatement(split: boolean, timed: boolean): string {
  return `
select a.ask, m.rolled_from, s.*
from unnest($1::int[], $2::int[], $3::int[], $4::int[], $5::int[]) as a (ask, tenant_no, meter_no, from_hour, to_hour)
left join lateral (
  select ${split ? "r.group_key" : "null::text as group_key"}, coalesce(sum(r.n), 0)::bigint as n, sum(r.total) as total, min(r.low) as low, max(r.high) as high${
    timed
      ? `,
    (array_agg(r.latest order by r.latest_us desc nulls last, r.latest_seq desc))[1] as latest, max(r.latest_us) as latest_us,
    (array_agg(r.latest_seq order by r.latest_us desc nulls last, r.latest_seq desc))[1] as latest_seq, sum(r.moment) as moment`
      : ""
  }
  from usage_rollups r
  where r.tenant_no = a.tenant_no and r.meter_no = a.meter_no and r.hour >= a.from_hour and r.hour < a.to_hour
  ${split ? "group by r.group_key" : ""}
) s on true
left join usage_meters m on m.meter_no = a.meter_no and m.rolled_from > 0`;
}

/** A stretch of one tenant's events; null: without a bound. */
export interface TimeRange {
  ask: number;
  tenantNo: number;
  start: Instant | null;
  end: Instant;
  /** Only what was received before this seq. */
  belowSeq: bigint | null;
}

/** What is read of events, beyond which. Ranges of one reading are answered by one statement. */
export interface RawReading {
  meter: Meter;
  /** Beside the meter's own. */
  filters: Filters;
  /** Leave out events that pass any of these. */
  except: readonly Filters[];
  groupBy: readonly string[];
  events: boolean;
}

export interface RawRow extends PartialRow {
  ask: number;
  /** Of each property of groupBy, in its order. */
  grouped: (string | null)[];
  /** unique_count only: how many values are held. */
  held: bigint | null;
  /** Each value in order of time, if asked for. */
  events: string[] | null;
}

/** One row for each range and group that has events. */
export async function readRaw(db: Database, reading: RawReading, ranges: readonly TimeRange[]): Promise<RawRow[]> {
  const values: unknown[] = [
    ranges.map((range) => range.ask),
    ranges.map((range) => range.tenantNo),
    ranges.map((range) => (range.start === null ? "-infinity" : formatInstant(range.start))),
    ranges.map((range) => formatInstant(range.end)),
    ranges.map((range) => range.belowSeq?.toString() ?? null),
  ];
  return db.query<RawRow>(rawStatement(reading, values), values);
}

/**
 * The events of the ranges `a` as (ask, grouped, value, text, at, seq); the parameters it needs are appended to `values`.
 * Their number depends only on the shape of the meter, so that there are few different statements.
 */
export function eventsOf(
  { meter, filters, except, groupBy }: Omit<RawReading, "events">,
  from: string,
  columns: string,
  values: unknown[],
): string {
  const param = (value: unknown): string => `$${values.push(value)}`;
  const property = meter.property === null ? null : param(meter.property);
  const value = !needsNumber(meter) ? "null::numeric" : property === null ? "e.amount" : `usage_number(e.properties ->> ${property}::text)`;
  const text = meter.aggregation === "unique_count" && property !== null ? `usage_text(e.properties, ${property}::text)` : "null::text";
  const conditions = [...Object.entries(meter.filters), ...Object.entries(filters)].map(
    ([name, allowed]) => `and usage_text(e.properties, ${param(name)}::text) = any(${param(allowed)}::text[])`,
  );
  for (const set of except) {
    const passes = Object.entries(set).map(
      ([name, allowed]) => `usage_text(e.properties, ${param(name)}::text) = any(${param(allowed)}::text[])`,
    );
    conditions.push(`and (${passes.join(" and ")}) is not true`);
  }
  const groups = groupBy.map((name) => `usage_text(e.properties, ${param(name)}::text)`);
  const needed = meter.aggregation === "unique_count" ? "x.text is not null" : needsNumber(meter) ? "x.value is not null" : "true";
  return `
  select ${columns}, x.grouped, x.value, x.text, e.properties ->> 'operation_type' as operation, e.at, e.seq
  from ${from}
  cross join lateral (select ${value} as value, ${text} as text, array[${groups.join(", ")}]::text[] as grouped) x
  where e.event = ${param(meter.event)} ${conditions.join(" ")} and ${needed}`;
}

const MICROS = "(extract(epoch from at) * 1000000)::bigint";

/** The columns of a PartialRow over rows of `eventsOf`. */
export const PARTIAL = `
  count(*) as n, sum(value) as total, min(value) as low, max(value) as high,
  (array_agg(value order by at desc, seq desc))[1] as latest, max(${MICROS}) as latest_us,
  (array_agg(seq order by at desc, seq desc))[1] as latest_seq, sum(value * ${MICROS}) as moment`;
const PARTIAL_UNTIMED = "count(*) as n, sum(value) as total, min(value) as low, max(value) as high";

function rawStatement(reading: RawReading, values: unknown[]): string {
  const { aggregation } = reading.meter;
  const from = `unnest($1::int[], $2::int[], $3::timestamptz[], $4::timestamptz[], $5::bigint[]) as a (ask, tenant_no, start_at, end_at, below)
  join usage_events e on e.tenant_no = a.tenant_no and e.at >= a.start_at and e.at < a.end_at and (a.below is null or e.seq < a.below)`;
  const read = eventsOf(reading, from, "a.ask", values);
  if (aggregation === "unique_count") {
    // The last operation on a value says whether it is held.
    return `
select ask, grouped, sum(n)::bigint as n, count(*) filter (where operation is distinct from 'remove') as held
from (select ask, grouped, text, count(*) as n, (array_agg(operation order by at desc, seq desc))[1] as operation from (${read}) r
  group by ask, grouped, text) v
group by ask, grouped`;
  }
  const timed = aggregation === "latest" || aggregation === "weighted_sum";
  const events = reading.events ? ", array_agg(value::text order by at, seq) as events" : "";
  return `select ask, grouped, ${timed ? PARTIAL : PARTIAL_UNTIMED}${events} from (${read}) r group by ask, grouped`;
}
