/** What a tenant has consumed: the value of each meter in each bucket of time, page by page. */
import { stopwatch } from "../../clock.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { invalidField, Refusal } from "../../errors.ts";
import { decodeCursor, pageOf } from "../../http/list.ts";
import type { Meter } from "../catalog/meter.ts";
import type { TenantRef } from "../tenants/cache.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { Period } from "../time/period.ts";
import { bucketsOf, type Granularity, MAX_BUCKETS } from "./buckets.ts";
import { type GroupQuantity, readQuantities } from "./quantity.ts";

export interface UsageAsk {
  tenant: TenantRef;
  from: Instant;
  to: Instant;
  /** null: all that are not archived. */
  meter: string | null;
  granularity: Granularity;
  groupBy: readonly string[];
  cursor: string | undefined;
  limit: number;
}

interface Row {
  bucket: Period;
  meter: Meter;
  /** Its place among the groups of its bucket and meter. */
  place: number;
  quantity: GroupQuantity;
}

// With groups, a bucket may have none: so many are asked for at a time until a page is full.
const CHUNK = 500;

export async function readUsage(ctx: Context, ask: UsageAsk) {
  const meters = await metersAsked(ctx, ask.meter);
  const buckets = bucketsOf(ask.granularity, ask.tenant.timeZone, ask.from, ask.to);
  if (!buckets) throw invalidField("from", `there are more than ${MAX_BUCKETS} buckets of a ${ask.granularity} in that time`);
  const cells = buckets.flatMap((bucket) => meters.map((meter) => ({ bucket, meter })));
  const position = decodeCursor(ask.cursor, 3);
  let first = 0;
  let skip = 0;
  if (position) {
    const [start, meter, place] = position as [string, string, string];
    // The last page ended in this cell: what it gave already is skipped.
    first = cells.findIndex(
      (cell) => cell.bucket.start < Number(start) || (cell.bucket.start === Number(start) && cell.meter.key >= meter),
    );
    if (first < 0) first = cells.length;
    if (cells[first]?.bucket.start === Number(start) && cells[first]?.meter.key === meter) skip = Number(place) + 1;
  }
  const rows: Row[] = [];
  const size = ask.groupBy.length > 0 ? CHUNK : ask.limit + 2;
  for (let at = first; at < cells.length && rows.length <= ask.limit; at += size) {
    const chunk = cells.slice(at, at + size);
    const time = stopwatch();
    const answers = await readQuantities(
      onPool(ctx.pool),
      chunk.map(({ bucket, meter }) => ({ tenantNo: ask.tenant.no, meter, ...bucket, groupBy: ask.groupBy })),
    );
    ctx.metrics.aggregates.observe(["read"], time());
    chunk.forEach((cell, i) => {
      answers[i]!.forEach((quantity, place) => {
        if (at + i > first || place >= skip) rows.push({ ...cell, place, quantity });
      });
    });
  }
  return pageOf(
    rows,
    ask.limit,
    ({ bucket, meter, quantity }) => ({
      meter: meter.key,
      period_start: formatInstant(bucket.start),
      period_end: formatInstant(bucket.end),
      granularity: ask.granularity,
      value: quantity.value,
      group: ask.groupBy.length > 0 ? quantity.group : null,
    }),
    ({ bucket, meter, place }) => [bucket.start, meter.key, place],
  );
}

async function metersAsked(ctx: Context, key: string | null): Promise<Meter[]> {
  const { meters } = await ctx.catalog.current();
  if (key === null) return [...meters.values()].filter((meter) => !meter.archived).sort((a, b) => (a.key < b.key ? -1 : 1));
  const meter = meters.get(key) ?? (await ctx.catalog.current({ fresh: true })).meters.get(key);
  if (!meter) throw new Refusal("meter_not_found", `There is no meter ${JSON.stringify(key)}.`);
  return [meter];
}
