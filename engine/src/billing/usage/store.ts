/** SQL of the stored events: the one statement of ingestion, and the raw list. */
import type { Database } from "../../db/pool.ts";
import { int4Column, int8Column, jsonbColumn, numericColumn, textColumn, timestamptzColumn, uuidColumn } from "./columns.ts";
import type { Reading, UsageEvent } from "./event.ts";

export const HOUR_US = 3_600_000_000;

interface Contribution {
  place: number;
  event: UsageEvent;
  reading: Reading;
}

const NONE: ReadonlySet<number> = new Set();

/**
 * Stores what is new of up to 65,535 events with different identities and moves the rollups by it, or does neither.
 * Answers the places of those that were there, or null if the catalog is not at this revision any more and nothing was done.
 * Rows are locked in one order (identities, then rollups by key), so that two such statements never wait for each other in a ring.
 */
export async function insertEvents(db: Database, revision: bigint, events: readonly UsageEvent[]): Promise<ReadonlySet<number> | null> {
  const parts: Contribution[] = [];
  let timed = false;
  events.forEach((event, place) => {
    for (const reading of event.readings) {
      const { aggregation } = reading.meter;
      // Its values must be told apart, which sums of an hour cannot: read from the events.
      if (aggregation === "unique_count") continue;
      timed ||= isTimed(reading);
      parts.push({ place, event, reading });
    }
  });
  const rows = await db.query<{ batch: bigint | null; stored: number; places: number[] | null }>(timed ? INSERT_TIMED : INSERT, [
    revision.toString(),
    int4Column(events, (event) => event.tenant.no),
    uuidColumn(events, (event) => event.identity),
    timestamptzColumn(events, (event) => event.atUs),
    timestamptzColumn(events, (event) => event.receivedUs),
    textColumn(events, (event) => event.event),
    textColumn(events, (event) => event.key),
    numericColumn(events, (event) => event.amount),
    jsonbColumn(events, (event) => event.propertiesJson),
    events.length,
    int4Column(parts, (part) => part.place),
    int4Column(parts, (part) => part.event.tenant.no),
    int4Column(parts, (part) => part.reading.meter.no),
    int4Column(parts, (part) => Math.floor(part.event.atUs / HOUR_US)),
    textColumn(parts, (part) => part.reading.groupKey),
    numericColumn(parts, (part) => part.reading.value),
    ...(timed ? [int8Column(parts, (part) => (isTimed(part.reading) ? part.event.atUs : null))] : []),
  ]);
  const { batch, stored, places } = rows[0]!;
  if (batch === null) return null;
  if (stored === events.length) return NONE;
  const fresh = new Set(places);
  return new Set([...events.keys()].filter((place) => !fresh.has(place)));
}

function isTimed({ meter }: Reading): boolean {
  return meter.aggregation === "latest" || meter.aggregation === "weighted_sum";
}

const MERGE = `
    n = r.n + excluded.n, total = r.total + excluded.total, low = least(r.low, excluded.low), high = greatest(r.high, excluded.high)`;
const LATER = "(excluded.latest_us, excluded.latest_seq) > (r.latest_us, r.latest_seq)";
/** How a row of the rollups takes in another one of the same key. */
export const MERGE_TIMED = `${MERGE},
    latest = case when ${LATER} then excluded.latest else r.latest end,
    latest_us = case when ${LATER} then excluded.latest_us else r.latest_us end,
    latest_seq = case when ${LATER} then excluded.latest_seq else r.latest_seq end,
    moment = r.moment + excluded.moment`;

// `in (select …)` beside an `or` is always a hashed lookup, whatever the planner thinks of the size of the arrays.
const INSERT = insertStatement(false);
const INSERT_TIMED = insertStatement(true);

function insertStatement(timed: boolean): string {
  return `
with guard as materialized (select usage_batch($1) as batch),
fresh as (
  insert into usage_events (tenant_no, identity, seq, at, received_at, event, idempotency_key, amount, properties)
  select i.tenant_no, i.identity, guard.batch + i.place - 1, i.at, i.received_at, i.event, i.key, i.amount, i.properties
  from guard, unnest($2::int[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::text[], $8::numeric[], $9::jsonb[])
    with ordinality as i (tenant_no, identity, at, received_at, event, key, amount, properties, place)
  where guard.batch is not null
  order by i.tenant_no, i.identity
  on conflict (tenant_no, identity) do nothing
  returning (seq & 65535)::int as place
),
moved as (
  insert into usage_rollups as r (tenant_no, meter_no, hour, group_key, n, total, low, high${timed ? ", latest, latest_us, latest_seq, moment" : ""})
  select c.tenant_no, c.meter_no, c.hour, c.group_key, count(*), sum(c.value), min(c.value), max(c.value)${
    timed
      ? `,
    (array_agg(c.value order by c.at_us desc, c.place desc) filter (where c.at_us is not null))[1], max(c.at_us),
    (select batch from guard) + (array_agg(c.place order by c.at_us desc, c.place desc) filter (where c.at_us is not null))[1],
    sum(c.value * c.at_us)`
      : ""
  }
  from unnest($11::int[], $12::int[], $13::int[], $14::int[], $15::text[], $16::numeric[]${timed ? ", $17::bigint[]" : ""})
    as c (place, tenant_no, meter_no, hour, group_key, value${timed ? ", at_us" : ""})
  where (select count(*) from fresh) = $10 or c.place in (select place from fresh)
  group by 1, 2, 3, 4 order by 1, 2, 3, 4
  on conflict (tenant_no, meter_no, hour, group_key) do update set ${timed ? MERGE_TIMED : MERGE}
)
select (select batch from guard) as batch, (select count(*) from fresh)::int as stored,
  case when (select count(*) from fresh) <> $10 then (select array_agg(place) from fresh) end as places`;
}

/** Places of the events that are stored with another content. Without `at` from the caller there is none to compare. */
export async function findConflicts(db: Database, events: readonly UsageEvent[]): Promise<ReadonlySet<number>> {
  const rows = await db.query<{ place: bigint }>(
    `select i.place - 1 as place
     from unnest($1::int[], $2::uuid[], $3::timestamptz[], $4::bool[], $5::numeric[], $6::jsonb[])
       with ordinality as i (tenant_no, identity, at, at_given, amount, properties, place)
     join usage_events e on e.tenant_no = i.tenant_no and e.identity = i.identity
     where e.amount <> i.amount or e.properties <> i.properties or (i.at_given and e.at <> i.at)`,
    [
      int4Column(events, (event) => event.tenant.no),
      uuidColumn(events, (event) => event.identity),
      timestamptzColumn(events, (event) => event.atUs),
      events.map((event) => event.atGiven),
      numericColumn(events, (event) => event.amount),
      jsonbColumn(events, (event) => event.propertiesJson),
    ],
  );
  return new Set(rows.map((row) => Number(row.place)));
}

export interface EventRow {
  identity: string;
  seq: bigint;
  /** Microseconds since 1970; instants are finer here than elsewhere. */
  at_us: bigint;
  received_at: number;
  event: string;
  idempotency_key: string;
  amount: string;
  properties: Record<string, unknown>;
}

export interface EventsAsk {
  tenantNo: number;
  event: string | null;
  /** RFC 3339; null: no bound. Half-open. */
  from: string | null;
  to: string | null;
  before: { at: string; seq: string } | null;
  limit: number;
}

/** The raw events of a tenant, the newest by `at` first. */
export async function listEvents(db: Database, ask: EventsAsk): Promise<EventRow[]> {
  return db.query<EventRow>(
    `select identity, seq, (extract(epoch from at) * 1000000)::bigint as at_us, received_at, event, idempotency_key, amount, properties
     from usage_events
     where tenant_no = $1 and at >= coalesce($2::timestamptz, '-infinity') and at < coalesce($3::timestamptz, 'infinity')
       and ($4::text is null or event = $4)
       and ($5::timestamptz is null or (at <= $5::timestamptz and (at, seq) < ($5::timestamptz, $6::bigint)))
     order by at desc, seq desc limit $7`,
    [ask.tenantNo, ask.from, ask.to, ask.event, ask.before?.at ?? null, ask.before?.seq ?? null, ask.limit],
  );
}
