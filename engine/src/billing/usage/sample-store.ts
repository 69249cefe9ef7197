/** SQL of single events behind a quantity: the first of them, as the meter reads them. */
import type { Database } from "../../db/pool.ts";
import { formatInstant } from "../time/instant.ts";
import type { QuantityAsk } from "./quantity.ts";
import { eventsOf } from "./quantity-store.ts";

export interface SampleRow {
  identity: string;
  event: string;
  idempotency_key: string;
  amount: string;
  properties: Record<string, unknown>;
  /** Microseconds since 1970. */
  at_us: bigint;
  received_at: number;
  /** What the meter reads of it; null: it only counts. */
  value: string | null;
}

/** In order of time; of one group, where `group` says its values in the order of `groupBy`. */
export function readSample(db: Database, ask: QuantityAsk, group: readonly (string | null)[] | null, limit: number): Promise<SampleRow[]> {
  const values: unknown[] = [ask.tenantNo, formatInstant(ask.start), formatInstant(ask.end), group, limit];
  const reading = { meter: ask.meter, filters: ask.filters ?? {}, except: ask.except ?? [], groupBy: ask.groupBy ?? [] };
  const from = "(select * from usage_events where tenant_no = $1 and at >= $2::timestamptz and at < $3::timestamptz) e";
  const columns =
    "e.identity, e.event, e.idempotency_key, e.amount, e.properties, (extract(epoch from e.at) * 1000000)::bigint as at_us, e.received_at";
  return db.query<SampleRow>(
    `select identity, event, idempotency_key, amount::text, properties, at_us, received_at, coalesce(value::text, text) as value
     from (${eventsOf(reading, from, columns, values)}) read where $4::text[] is null or grouped = $4::text[] order by at, seq limit $5`,
    values,
  );
}
