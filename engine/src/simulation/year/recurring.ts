/** A simulated month's recurring revenue, over all currencies: the figures of analytics, added up in dollars at rates that are fixed for the year. */
import { recurringRevenue } from "../../analytics/recurring.ts";
import { type Amount, amount, NOTHING, plus, scale } from "../../billing/money/amount.ts";
import { minorDigits } from "../../billing/money/currency.ts";
import { decimal } from "../../billing/money/decimal.ts";
import type { Instant } from "../../billing/time/instant.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";

/** What a unit of each currency is worth in dollars in the simulated year, fixed: for sums over all of them, and for nothing else. */
const DOLLARS: Readonly<Record<string, string>> = { usd: "1", eur: "1.08", gbp: "1.26", inr: "0.012", jpy: "0.0067" };

/** In cents, exact. */
export function inCents(minor: Amount, currency: string): Amount {
  const worth = DOLLARS[currency];
  if (worth === undefined) throw new RangeError(`the simulated year knows no rate of ${currency}`);
  return scale(minor, decimal(worth).times(decimal(100)), amount(10n ** BigInt(minorDigits(currency))).num);
}

/** mrr = before + fresh + reactivation + expansion − contraction − churn, in cents. */
export interface Recurring {
  mrr: Amount;
  fresh: Amount;
  reactivation: Amount;
  expansion: Amount;
  contraction: Amount;
  churn: Amount;
  customers: number;
  lost: number;
}

/** What falls due at the very end of the month has been run, and belongs to it. */
export async function readRecurring(ctx: Context, clockId: string, start: Instant, end: Instant): Promise<Recurring> {
  const period = { start: start + 1, end: end + 1 };
  const window = { ...period, periods: [period], granularity: "month" as const };
  const found = await recurringRevenue(ctx, onPool(ctx.pool), window, { currency: null, plan: null, testClockId: clockId });
  const all = [...found].map(([currency, [month]]) => ({ currency, month: month! }));
  const sum = (key: "mrr" | "new" | "reactivation" | "expansion" | "contraction" | "churn") =>
    all.map(({ currency, month }) => inCents(amount(month[key]), currency)).reduce(plus, NOTHING);
  const count = (key: "customers" | "churnedCustomers") => all.reduce((total, { month }) => total + month[key], 0);
  return {
    mrr: sum("mrr"),
    fresh: sum("new"),
    reactivation: sum("reactivation"),
    expansion: sum("expansion"),
    contraction: sum("contraction"),
    churn: sum("churn"),
    customers: count("customers"),
    lost: count("churnedCustomers"),
  };
}
