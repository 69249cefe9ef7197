/** Revenue by currency, never added across them: recurring revenue and what moved it, what was invoiced and came in, churn, and what comes next. */

import { formatInstant } from "../billing/time/instant.ts";
import type { Context } from "../context.ts";
import { type Database, onPool } from "../db/pool.ts";
import { forecastView } from "./forecast-view.ts";
import { average, ratio } from "./ratio.ts";
import { type Movement, recurringRevenue } from "./recurring.ts";
import type { Scope } from "./recurring-store.ts";
import { type MoneyRow, readMoney, readTrials } from "./revenue-store.ts";
import { fill, type Window } from "./window.ts";

export async function revenueOf(ctx: Context, window: Window, scope: Scope) {
  const db: Database = onPool(ctx.pool);
  const recurring = await recurringRevenue(ctx, db, window, scope);
  const money = Map.groupBy(await readMoney(db, window, scope), (row) => row.currency);
  const currencies = [...new Set([...recurring.keys(), ...money.keys()])].sort();
  const trials = fill(window, await readTrials(db, window, scope), (row) => ({ ended: row?.ended ?? 0, converted: row?.converted ?? 0 }));
  const ended = trials.reduce((sum, one) => sum + one.ended, 0);
  const converted = trials.reduce((sum, one) => sum + one.converted, 0);
  return {
    ...spanOf(window),
    currencies: currencies.map((currency) => currencyOf(window, currency, recurring.get(currency), money.get(currency) ?? [])),
    trials: {
      ended,
      converted,
      lost: ended - converted,
      conversion_rate: ratio(converted, ended),
      periods: trials.map((one, index) => ({
        ...periodOf(window, index),
        ...one,
        lost: one.ended - one.converted,
        conversion_rate: ratio(one.converted, one.ended),
      })),
    },
  };
}

export function spanOf(window: Window) {
  return { from: formatInstant(window.start), to: formatInstant(window.end), granularity: window.granularity };
}

export function periodOf(window: Window, index: number) {
  const { start, end } = window.periods[index]!;
  return { period_start: formatInstant(start), period_end: formatInstant(end) };
}

const STILL: Movement = {
  mrrAtStart: 0n,
  new: 0n,
  expansion: 0n,
  contraction: 0n,
  churn: 0n,
  reactivation: 0n,
  mrr: 0n,
  customersAtStart: 0,
  newCustomers: 0,
  churnedCustomers: 0,
  reactivatedCustomers: 0,
  customers: 0,
};

function currencyOf(window: Window, currency: string, movements: readonly Movement[] | undefined, rows: readonly MoneyRow[]) {
  const money = fill(window, rows, (row) => ({
    invoices: row?.invoices ?? 0,
    invoiced: row?.invoiced ?? 0n,
    invoiced_net: row?.invoiced_net ?? 0n,
    tax: row?.tax ?? 0n,
    credit_notes: row?.credit_notes ?? 0,
    credited: row?.credited ?? 0n,
    collected: row?.collected ?? 0n,
    refunded: row?.refunded ?? 0n,
  }));
  const periods = window.periods.map((_, index) => movements?.[index] ?? STILL);
  const whole = overAll(periods);
  return {
    currency,
    mrr: whole.mrr,
    arr: whole.mrr * 12n,
    customers: whole.customers,
    arpa: average(whole.mrr, whole.customers),
    ...movementView(whole),
    ...moneyOf(money),
    periods: periods.map((movement, index) => ({
      ...periodOf(window, index),
      mrr: movement.mrr,
      customers: movement.customers,
      arpa: average(movement.mrr, movement.customers),
      ...movementView(movement),
      ...money[index]!,
    })),
    forecast: {
      mrr: forecastView(
        window,
        periods.map(({ mrr }) => mrr),
        0,
      ),
      collected: forecastView(
        window,
        money.map(({ collected }) => collected),
        0,
      ),
    },
  };
}

/** All periods as if they were one. */
function overAll(periods: readonly Movement[]): Movement {
  const sum = <K extends "new" | "expansion" | "contraction" | "churn" | "reactivation">(key: K) =>
    periods.reduce((total, one) => total + one[key], 0n);
  const count = (key: "newCustomers" | "churnedCustomers" | "reactivatedCustomers") => periods.reduce((total, one) => total + one[key], 0);
  return {
    mrrAtStart: periods[0]!.mrrAtStart,
    new: sum("new"),
    expansion: sum("expansion"),
    contraction: sum("contraction"),
    churn: sum("churn"),
    reactivation: sum("reactivation"),
    mrr: periods.at(-1)!.mrr,
    customersAtStart: periods[0]!.customersAtStart,
    newCustomers: count("newCustomers"),
    churnedCustomers: count("churnedCustomers"),
    reactivatedCustomers: count("reactivatedCustomers"),
    customers: periods.at(-1)!.customers,
  };
}

function movementView(one: Movement) {
  return {
    mrr_at_start: one.mrrAtStart,
    new: one.new,
    expansion: one.expansion,
    contraction: one.contraction,
    churn: one.churn,
    reactivation: one.reactivation,
    customers_at_start: one.customersAtStart,
    new_customers: one.newCustomers,
    churned_customers: one.churnedCustomers,
    reactivated_customers: one.reactivatedCustomers,
    customer_churn_rate: ratio(one.churnedCustomers, one.customersAtStart),
    revenue_churn_rate: ratio(one.churn + one.contraction, one.mrrAtStart),
    net_revenue_retention: ratio(one.mrrAtStart + one.expansion - one.contraction - one.churn, one.mrrAtStart),
  };
}

type Money = Pick<MoneyRow, "invoices" | "invoiced" | "invoiced_net" | "tax" | "credit_notes" | "credited" | "collected" | "refunded">;

function moneyOf(periods: readonly Money[]): Money {
  return periods.reduce((sum, one) => ({
    invoices: sum.invoices + one.invoices,
    invoiced: sum.invoiced + one.invoiced,
    invoiced_net: sum.invoiced_net + one.invoiced_net,
    tax: sum.tax + one.tax,
    credit_notes: sum.credit_notes + one.credit_notes,
    credited: sum.credited + one.credited,
    collected: sum.collected + one.collected,
    refunded: sum.refunded + one.refunded,
  }));
}
