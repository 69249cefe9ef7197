/** What a subscription was arranged to be from the end of its period on. */
import type { Context } from "../../context.ts";
import type { Plan } from "../catalog/plan.ts";
import type { SubscriptionRow } from "./store.ts";

/** The plan at the version that it had when the change was arranged; null: nothing changes. */
export async function scheduledTerms(ctx: Context, row: SubscriptionRow): Promise<{ plan: Plan; seats: number } | null> {
  const change = row.scheduled_change;
  if (!change) return null;
  const plan =
    change.plan === null || change.plan_version === null
      ? await ctx.catalog.plan(row.plan_key, row.plan_version)
      : await ctx.catalog.plan(change.plan, change.plan_version);
  return { plan, seats: change.seats ?? row.seats };
}
