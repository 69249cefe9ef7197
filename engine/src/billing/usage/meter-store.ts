/** SQL of how far back the rollups of each meter go. The rollups of a meter are everybody's: no statement here is one tenant's. */
import type { Database } from "../../db/pool.ts";
import type { Meter } from "../catalog/meter.ts";
import type { PartialRow } from "./partial.ts";
import { eventsOf, PARTIAL } from "./quantity-store.ts";
import { MERGE_TIMED } from "./store.ts";

export interface Registered {
  meter_no: number;
  definition: string;
  rolled_from: bigint;
}

export async function findRegistered(db: Database): Promise<Registered[]> {
  return db.query<Registered>("select meter_no, definition, rolled_from from usage_meters /* all tenants: meters are the catalog's */");
}

export async function lockRegistered(db: Database, meterNo: number): Promise<Registered | null> {
  const rows = await db.query<Registered>(
    "select meter_no, definition, rolled_from from usage_meters where meter_no = $1 for update /* all tenants: meters are the catalog's */",
    [meterNo],
  );
  return rows[0] ?? null;
}

/** No event is stored from here to the end of the transaction. Answers the seq from which on events will be; 0 if there is none yet. */
export async function lockUsage(db: Database): Promise<{ rolledFrom: bigint }> {
  await db.query("select pg_advisory_xact_lock(4400002) /* the lock of usage_batch() */");
  const rows = await db.query<{ next: bigint; any: boolean }>(
    `select nextval('usage_batches') * 65536 as next, exists (select from usage_events) as any /* all tenants: a meter reads everybody's events */`,
  );
  return { rolledFrom: rows[0]!.any ? rows[0]!.next : 0n };
}

export async function registerMeter(
  db: Database,
  row: { meterNo: number; definition: string; rolledFrom: bigint; redefined: boolean },
): Promise<void> {
  await db.query(
    `insert into usage_meters (meter_no, definition, rolled_from) values ($1, $2, $3) /* all tenants: meters are the catalog's */
     on conflict (meter_no) do update set definition = excluded.definition, rolled_from = excluded.rolled_from`,
    [row.meterNo, row.definition, row.rolledFrom.toString()],
  );
  if (row.redefined)
    await db.query("delete from usage_rollups where meter_no = $1 /* all tenants: made by the old definition */", [row.meterNo]);
}

export async function setRolledFrom(db: Database, meterNo: number, rolledFrom: bigint): Promise<void> {
  await db.query("update usage_meters set rolled_from = $2 where meter_no = $1 /* all tenants: meters are the catalog's */", [
    meterNo,
    rolledFrom.toString(),
  ]);
}

export interface HourRow extends PartialRow {
  tenant_no: number;
  hour: number;
  grouped: (string | null)[];
}

/** What a meter reads of the events of a range of seq, by tenant, hour and group. */
export async function readHours(db: Database, meter: Meter, fromSeq: bigint, toSeq: bigint): Promise<HourRow[]> {
  const values: unknown[] = [fromSeq.toString(), toSeq.toString()];
  const read = eventsOf(
    { meter, filters: {}, except: [], groupBy: meter.groupBy },
    "(select * from usage_events where seq >= $1 and seq < $2) e",
    "e.tenant_no, floor(extract(epoch from e.at) / 3600)::int as hour",
    values,
  );
  return db.query<HourRow>(
    `/* all tenants */ select tenant_no, hour, grouped, ${PARTIAL} from (${read}) r group by tenant_no, hour, grouped`,
    values,
  );
}

/** Adds to the rollups, in the order in which ingestion locks them. */
export async function addHours(db: Database, meterNo: number, rows: readonly (HourRow & { groupKey: string })[]): Promise<void> {
  await db.query(
    `insert into usage_rollups as r (tenant_no, meter_no, hour, group_key, n, total, low, high, latest, latest_us, latest_seq, moment)
     select tenant_no, $1::int, hour, group_key, n, total, low, high, latest, latest_us, latest_seq, moment
     from unnest($2::int[], $3::int[], $4::text[], $5::bigint[], $6::numeric[], $7::numeric[], $8::numeric[], $9::numeric[], $10::bigint[], $11::bigint[], $12::numeric[])
       as i (tenant_no, hour, group_key, n, total, low, high, latest, latest_us, latest_seq, moment)
     order by 1, 2, 3, 4
     on conflict (tenant_no, meter_no, hour, group_key) do update set ${MERGE_TIMED}`,
    [
      meterNo,
      rows.map((row) => row.tenant_no),
      rows.map((row) => row.hour),
      rows.map((row) => row.groupKey),
      rows.map((row) => row.n.toString()),
      rows.map((row) => row.total),
      rows.map((row) => row.low),
      rows.map((row) => row.high),
      rows.map((row) => row.latest ?? null),
      rows.map((row) => row.latest_us?.toString() ?? null),
      rows.map((row) => row.latest_seq?.toString() ?? null),
      rows.map((row) => row.moment ?? null),
    ],
  );
}
