/** How collecting goes, by currency: success and recovery, why payments fail, and what is overdue. */
import type { Context } from "../context.ts";
import { onPool } from "../db/pool.ts";
import { readAging, readAttempts, readFailures, readRecoveries } from "./payments-store.ts";
import { ratio } from "./ratio.ts";
import { periodOf, spanOf } from "./revenue.ts";
import type { MoneyScope } from "./revenue-store.ts";
import { fill, type Window } from "./window.ts";

export const AGES = ["not_due", "1_30", "31_60", "61_90", "over_90"] as const;

export async function paymentsOf(ctx: Context, window: Window, scope: MoneyScope) {
  const db = onPool(ctx.pool);
  const attempts = await readAttempts(db, window, scope);
  const failures = await readFailures(db, window, scope);
  const recoveries = await readRecoveries(db, window, scope);
  const aging = await readAging(db, ctx.clock.now(), scope);
  const currencies = [...new Set([...attempts, ...recoveries, ...aging].map(({ currency }) => currency))].sort();
  return {
    ...spanOf(window),
    currencies: currencies.map((currency) => {
      const own = <R extends { currency: string }>(rows: readonly R[]) => rows.filter((row) => row.currency === currency);
      const tried = fill(window, own(attempts), (row) => ({
        succeeded: row?.succeeded ?? 0,
        failed: row?.failed ?? 0,
        amount_succeeded: row?.amount_succeeded ?? 0n,
        amount_failed: row?.amount_failed ?? 0n,
      }));
      const recovered = fill(window, own(recoveries), (row) => ({
        invoices_failed: row?.failed ?? 0,
        invoices_recovered: row?.recovered ?? 0,
        amount_at_risk: row?.amount_failed ?? 0n,
        amount_recovered: row?.amount_recovered ?? 0n,
      }));
      return {
        currency,
        ...withRates(
          tried.reduce((sum, one) => ({
            succeeded: sum.succeeded + one.succeeded,
            failed: sum.failed + one.failed,
            amount_succeeded: sum.amount_succeeded + one.amount_succeeded,
            amount_failed: sum.amount_failed + one.amount_failed,
          })),
          recovered.reduce((sum, one) => ({
            invoices_failed: sum.invoices_failed + one.invoices_failed,
            invoices_recovered: sum.invoices_recovered + one.invoices_recovered,
            amount_at_risk: sum.amount_at_risk + one.amount_at_risk,
            amount_recovered: sum.amount_recovered + one.amount_recovered,
          })),
        ),
        failures: own(failures).map(({ gateway, code, count, amount }) => ({ gateway, code, count, amount })),
        aging: AGES.map((age) => {
          const row = own(aging).find(({ bucket }) => bucket === age);
          return { age, invoices: row?.invoices ?? 0, amount: row?.amount ?? 0n };
        }),
        periods: tried.map((one, index) => ({ ...periodOf(window, index), ...withRates(one, recovered[index]!) })),
      };
    }),
  };
}

interface Tried {
  succeeded: number;
  failed: number;
  amount_succeeded: bigint;
  amount_failed: bigint;
}

interface Recovered {
  invoices_failed: number;
  invoices_recovered: number;
  amount_at_risk: bigint;
  amount_recovered: bigint;
}

function withRates(tried: Tried, recovered: Recovered) {
  return {
    ...tried,
    success_rate: ratio(tried.succeeded, tried.succeeded + tried.failed),
    ...recovered,
    recovery_rate: ratio(recovered.invoices_recovered, recovered.invoices_failed),
  };
}
