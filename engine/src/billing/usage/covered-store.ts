/** SQL of what credits have covered of usage. */
import type { Database } from "../../db/pool.ts";
import { formatInstant } from "../time/instant.ts";
import { numericColumn, timestamptzColumn, uuidColumn } from "./columns.ts";
import type { UsageEvent } from "./event.ts";
import type { QuantityAsk } from "./quantity.ts";
import { eventsOf } from "./quantity-store.ts";

export interface Covered {
  event: UsageEvent;
  meterNo: number;
  /** Decimal texts: of the metered quantity, and the credits for it. */
  quantity: string;
  credits: string;
}

export async function insertCovered(db: Database, rows: readonly Covered[]): Promise<void> {
  if (rows.length === 0) return;
  await db.query(
    `insert into usage_covered (tenant_no, meter_no, identity, at, covered, credits)
     select * from unnest($1::int[], $2::int[], $3::uuid[], $4::timestamptz[], $5::numeric[], $6::numeric[])`,
    [
      rows.map((row) => row.event.tenant.no),
      rows.map((row) => row.meterNo),
      uuidColumn(rows, (row) => row.event.identity),
      timestamptzColumn(rows, (row) => row.event.atUs),
      numericColumn(rows, (row) => row.quantity),
      numericColumn(rows, (row) => row.credits),
    ],
  );
}

/** What was covered of the events that an ask reads, by the values of its groups. */
export async function readCovered(db: Database, ask: QuantityAsk): Promise<{ grouped: (string | null)[]; covered: string }[]> {
  const values: unknown[] = [ask.tenantNo, ask.meter.no, formatInstant(ask.start), formatInstant(ask.end)];
  const from = `usage_covered c join usage_events e on e.tenant_no = c.tenant_no and e.identity = c.identity`;
  const reading = { meter: ask.meter, filters: ask.filters ?? {}, except: ask.except ?? [], groupBy: ask.groupBy ?? [] };
  const read = eventsOf(reading, from, "c.covered", values);
  return db.query(
    `select r.grouped, sum(r.covered)::text as covered from (${read}
       and c.tenant_no = $1 and c.meter_no = $2 and c.at >= $3::timestamptz and c.at < $4::timestamptz) r group by r.grouped`,
    values,
  );
}
