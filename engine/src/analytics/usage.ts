/**
 * Usage by meter over all tenants. What counts and sums adds up over tenants and time; an average is that of all events, a lowest and a highest
 * value are those of all; values that are held (latest, unique_count, weighted_sum) do not add up: of them there are events and tenants.
 */

import type { Meter } from "../billing/catalog/meter.ts";
import { type Decimal, decimal, quotient } from "../billing/money/decimal.ts";
import type { Context } from "../context.ts";
import { onPool } from "../db/pool.ts";
import { Refusal } from "../errors.ts";
import { forecastView } from "./forecast-view.ts";
import { periodOf, spanOf } from "./revenue.ts";
import { readTopTenants, readUsage, type UsageRow } from "./usage-store.ts";
import { closed, fill, type Window } from "./window.ts";

type Totals = Pick<UsageRow, "events" | "total" | "low" | "high">;

export async function usageOf(ctx: Context, window: Window, scope: { meter: string | null; testClockId: string | null }) {
  const { meters } = await ctx.catalog.current();
  const asked = [...meters.values()].filter((meter) => (scope.meter === null ? !meter.archived : meter.key === scope.meter));
  if (scope.meter !== null && asked.length === 0) throw new Refusal("meter_not_found", `There is no meter ${JSON.stringify(scope.meter)}.`);
  const db = onPool(ctx.pool);
  const of = { meterNos: asked.map(({ no }) => no), testClockId: scope.testClockId };
  const rows = await readUsage(db, window, of);
  const top = await readTopTenants(db, window, of);
  return {
    ...spanOf(window),
    meters: asked
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map((meter) => {
        const own = rows.filter((row) => row.meter_no === meter.no);
        const periods = fill(window, own, (row) => ({
          events: decimal(row?.events ?? "0"),
          value: quantityOf(meter, row),
          tenants: row?.tenants ?? 0,
        }));
        const series = periods.map(({ events, value }) => value ?? events);
        return {
          meter: meter.key,
          name: meter.name,
          unit: meter.unit,
          aggregation: meter.aggregation,
          events: periods.reduce((sum, one) => sum.plus(one.events), decimal("0")),
          value: quantityOf(meter, overAll(own)),
          trend: trendOf(closed(window, series)),
          top_tenants: top
            .filter((row) => row.meter_no === meter.no)
            .map((row) => ({
              tenant_id: row.tenant_id,
              name: row.name,
              events: decimal(row.events),
              value: adds(meter) ? decimal(row.total ?? row.events) : null,
            })),
          periods: periods.map((one, index) => ({ ...periodOf(window, index), ...one })),
          forecast: forecastView(window, series, 2),
        };
      }),
  };
}

const adds = ({ aggregation }: Meter) => aggregation === "sum" || aggregation === "count";

function quantityOf({ aggregation }: Meter, row: Totals | undefined): Decimal | null {
  if (aggregation === "count") return decimal(row?.events ?? "0");
  if (aggregation === "sum") return decimal(row?.total ?? "0");
  if (!row) return null;
  if (aggregation === "avg" && row.total !== null) return quotient(decimal(row.total), decimal(row.events), 6);
  if (aggregation === "min" && row.low !== null) return decimal(row.low);
  if (aggregation === "max" && row.high !== null) return decimal(row.high);
  return null;
}

function overAll(rows: readonly UsageRow[]): Totals | undefined {
  if (rows.length === 0) return undefined;
  const pick = (key: "total" | "low" | "high", better: (a: Decimal, b: Decimal) => Decimal) => {
    const values = rows.flatMap((row) => (row[key] === null ? [] : [decimal(row[key])]));
    return values.length === 0 ? null : values.reduce(better).toFixed();
  };
  return {
    events: rows.reduce((sum, row) => sum.plus(decimal(row.events)), decimal("0")).toFixed(),
    total: pick("total", (a, b) => a.plus(b)),
    low: pick("low", (a, b) => (a.lt(b) ? a : b)),
    high: pick("high", (a, b) => (a.gt(b) ? a : b)),
  };
}

/** The later half of what is over against the half before it, as a share: 0.25 is a quarter more. null: nothing to compare with. */
function trendOf(series: readonly Decimal[]): Decimal | null {
  const half = Math.floor(series.length / 2);
  const sum = (values: readonly Decimal[]) => values.reduce((total, value) => total.plus(value), decimal("0"));
  const later = sum(series.slice(series.length - half));
  const before = sum(series.slice(series.length - 2 * half, series.length - half));
  return half === 0 || before.lte(decimal("0")) ? null : quotient(later.minus(before), before, 4);
}
