/** Credits: given out, spent, run out and left; how fast they burn, how long what is left lasts at that pace, and what comes next. */

import { type Decimal, decimal, quotient, ZERO } from "../billing/money/decimal.ts";
import { DAY } from "../billing/time/civil.ts";
import type { Context } from "../context.ts";
import { onPool } from "../db/pool.ts";
import { type CreditRow, readCredits, readSources, readSpenders } from "./credits-store.ts";
import { forecastView } from "./forecast-view.ts";
import { periodOf, spanOf } from "./revenue.ts";
import { fill, type Window } from "./window.ts";

export async function creditsOf(ctx: Context, window: Window, testClockId: string | null) {
  const db = onPool(ctx.pool);
  const rows = await readCredits(db, window, testClockId);
  let outstanding = decimal(rows.find((row) => row.start === null)?.change ?? "0");
  const inside = rows.filter((row): row is CreditRow & { start: number } => row.start !== null);
  const periods = fill(window, inside, (row) => {
    outstanding = outstanding.plus(decimal(row?.change ?? "0"));
    return {
      granted: decimal(row?.granted ?? "0"),
      consumed: decimal(row?.consumed ?? "0"),
      expired: decimal(row?.expired ?? "0"),
      taken_back: decimal(row?.taken_back ?? "0"),
      outstanding,
    };
  });
  const sum = (key: "granted" | "consumed" | "expired" | "taken_back") => periods.reduce((total, one) => total.plus(one[key]), ZERO);
  const consumed = sum("consumed");
  const burn = aDay(window, consumed);
  const sources = await readSources(db, testClockId);
  return {
    ...spanOf(window),
    granted: sum("granted"),
    consumed,
    expired: sum("expired"),
    taken_back: sum("taken_back"),
    outstanding,
    burn_per_day: burn,
    // At the pace of the window; null where nothing burns.
    days_left: burn.eq(ZERO) ? null : quotient(outstanding, burn, 1),
    by_source: sources.map((row) => ({ source: row.source, granted: decimal(row.granted), remaining: decimal(row.remaining) })),
    top_tenants: (await readSpenders(db, window, testClockId)).map((row) => ({
      tenant_id: row.tenant_id,
      consumed: decimal(row.consumed),
    })),
    periods: periods.map((one, index) => ({ ...periodOf(window, index), ...one })),
    forecast: forecastView(
      window,
      periods.map((one) => one.consumed),
      2,
    ),
  };
}

function aDay({ start, end }: Window, consumed: Decimal): Decimal {
  return quotient(consumed.times(decimal(DAY)), decimal(end - start), 4);
}
