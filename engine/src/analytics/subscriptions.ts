/** Subscriptions by plan and status as they stand at the end of the window, and how many began and ended in it. */
import type { Context } from "../context.ts";
import { onPool } from "../db/pool.ts";
import { monthlyOf } from "./monthly.ts";
import type { Scope } from "./recurring-store.ts";
import { periodOf, spanOf } from "./revenue.ts";
import { readFlow, readStanding, type StandingRow } from "./subscriptions-store.ts";
import { fill, type Window } from "./window.ts";

const ENDED = new Set(["canceled", "expired"]);

export async function subscriptionsOf(ctx: Context, window: Window, scope: Scope) {
  const db = onPool(ctx.pool);
  const standing = await readStanding(db, window.end, scope);
  const flow = await readFlow(db, window, scope);
  const before = flow.find((row) => row.start === null);
  let live = before ? before.started - before.ended : 0;
  const inside = flow.flatMap((row) => (row.start === null ? [] : [{ ...row, start: row.start }]));
  const byStatus = new Map<string, number>();
  for (const row of standing) byStatus.set(row.status, (byStatus.get(row.status) ?? 0) + row.subscriptions);
  const plans = [];
  for (const row of standing.filter(({ status }) => !ENDED.has(status))) plans.push(await planView(ctx, row));
  return {
    ...spanOf(window),
    by_status: [...byStatus].sort().map(([status, subscriptions]) => ({ status, subscriptions })),
    by_plan: plans,
    periods: fill(window, inside, (row) => row).map((row, index) => {
      live += (row?.started ?? 0) - (row?.ended ?? 0);
      return {
        ...periodOf(window, index),
        started: row?.started ?? 0,
        ended: row?.ended ?? 0,
        plan_changes: row?.plan_changes ?? 0,
        live,
      };
    }),
  };
}

async function planView(ctx: Context, row: StandingRow) {
  let mrr = 0n;
  if (row.status === "active" || row.status === "past_due") {
    for (const { version, seats, count } of row.terms)
      mrr += monthlyOf(await ctx.catalog.plan(row.plan_key, version), row.currency, seats) * BigInt(count);
  }
  return {
    plan: row.plan_key,
    currency: row.currency,
    status: row.status,
    subscriptions: row.subscriptions,
    seats: row.seats,
    mrr,
  };
}
