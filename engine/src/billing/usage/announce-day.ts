/** Says what a day of a tenant's came to, of each meter: once, and again where late usage has changed it. */
import type { Tx } from "../../commit.ts";
import type { Meter } from "../catalog/meter.ts";
import { type Decimal, decimal } from "../money/decimal.ts";
import type { TenantRef } from "../tenants/cache.ts";
import { formatInstant } from "../time/instant.ts";
import type { Period } from "../time/period.ts";
import { toWall } from "../time/zone.ts";
import { noteDays } from "./day-store.ts";

export interface DayTotal {
  meter: Meter;
  total: Decimal;
}

export async function announceDay(
  tx: Tx,
  { tenant, day, totals }: { tenant: TenantRef; day: Period; totals: readonly DayTotal[] },
): Promise<number> {
  const news = await noteDays(
    tx,
    { tenantNo: tenant.no, start: day.start },
    totals.map(({ meter, total }) => ({ meterNo: meter.no, total: total.toFixed() })),
  );
  const before = new Map(news.map((row) => [row.meter_no, row.before]));
  const date = formatInstant(toWall(tenant.timeZone, day.start)).slice(0, 10);
  for (const { meter, total } of totals) {
    const previous = before.get(meter.no);
    if (previous === undefined) continue;
    tx.emit({
      type: "usage.aggregated",
      tenantId: tenant.id,
      subject: meter.key,
      summary: `${meter.key} came to ${total.toFixed()} on ${date}.`,
      data: {
        meter: meter.key,
        day_start: formatInstant(day.start),
        day_end: formatInstant(day.end),
        total,
        // What was said before, where usage came late; null: nothing was.
        previous_total: previous === null ? null : decimal(previous),
      },
    });
  }
  return news.length;
}
