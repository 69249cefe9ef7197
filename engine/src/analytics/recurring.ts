/** Recurring revenue of a window: what there was at its start, what moved it in each period, and what it came to, by currency. */
import type { Context } from "../context.ts";
import type { Database } from "../db/pool.ts";
import { monthlyOf, type Worths } from "./monthly.ts";
import { type MovementRow, readMovements, readTerms, type Scope } from "./recurring-store.ts";
import { fill, type Window } from "./window.ts";

export interface Movement {
  mrrAtStart: bigint;
  new: bigint;
  expansion: bigint;
  contraction: bigint;
  churn: bigint;
  reactivation: bigint;
  mrr: bigint;
  customersAtStart: number;
  newCustomers: number;
  churnedCustomers: number;
  reactivatedCustomers: number;
  customers: number;
}

/** One movement a period. mrr = mrrAtStart + new + expansion + reactivation − contraction − churn. */
export async function recurringRevenue(ctx: Context, db: Database, window: Window, scope: Scope): Promise<Map<string, Movement[]>> {
  const rows = await readMovements(db, window, scope, await worthsOf(ctx, db, window, scope));
  const currencies = Map.groupBy(rows, (row) => row.currency);
  return new Map([...currencies].map(([currency, own]) => [currency, movementsOf(window, own)]));
}

async function worthsOf(ctx: Context, db: Database, window: Window, scope: Scope): Promise<Worths> {
  const worths: Worths = { plans: [], versions: [], currencies: [], seats: [], monthly: [] };
  for (const terms of await readTerms(db, window.end, scope)) {
    const plan = await ctx.catalog.plan(terms.plan_key, terms.plan_version);
    worths.plans.push(terms.plan_key);
    worths.versions.push(terms.plan_version);
    worths.currencies.push(terms.currency);
    worths.seats.push(terms.seats);
    worths.monthly.push(monthlyOf(plan, terms.currency, terms.seats).toString());
  }
  return worths;
}

function movementsOf(window: Window, rows: readonly MovementRow[]): Movement[] {
  const before = rows.find((row) => row.start === null);
  let mrr = before ? changeOf(before) : 0n;
  let customers = before ? customerChangeOf(before) : 0;
  const inside = rows.filter((row): row is MovementRow & { start: number } => row.start !== null);
  return fill(window, inside, (row) => {
    const mrrAtStart = mrr;
    const customersAtStart = customers;
    if (row) {
      mrr += changeOf(row);
      customers += customerChangeOf(row);
    }
    return {
      mrrAtStart,
      new: row?.new ?? 0n,
      expansion: row?.expansion ?? 0n,
      contraction: row?.contraction ?? 0n,
      churn: row?.churn ?? 0n,
      reactivation: row?.reactivation ?? 0n,
      mrr,
      customersAtStart,
      newCustomers: row?.new_customers ?? 0,
      churnedCustomers: row?.churned_customers ?? 0,
      reactivatedCustomers: row?.reactivated_customers ?? 0,
      customers,
    };
  });
}

const changeOf = (row: MovementRow) => row.new + row.expansion + row.reactivation - row.contraction - row.churn;
const customerChangeOf = (row: MovementRow) => row.new_customers + row.reactivated_customers - row.churned_customers;
