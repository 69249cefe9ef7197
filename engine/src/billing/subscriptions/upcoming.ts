/** The next invoice as it would be: the computation of an issue, without the door. */
import type { Context } from "../../context.ts";
import type { Database } from "../../db/pool.ts";
import { Refusal } from "../../errors.ts";
import type { DraftInvoice } from "../invoices/invoice.ts";
import { type BillingRequest, emptyDraft, prepareInvoices } from "../invoices/prepare.ts";
import type { Instant } from "../time/instant.ts";
import { cycleAt } from "./renew.ts";
import { findCurrent } from "./store.ts";
import { subjectOf } from "./subject.ts";
import { isLive } from "./subscription.ts";

export interface UpcomingInput {
  tenantId: string;
  seats?: number | undefined;
  plan?: string | undefined;
  /** The invoice of the period that holds this instant, in place of the current one. */
  at?: Instant | undefined;
}

/** Throws `no_subscription`. Where the next cycle has nothing to bill, the draft has no lines. */
export async function previewUpcoming(ctx: Context, db: Database, input: UpcomingInput): Promise<DraftInvoice> {
  const row = await findCurrent(db, input.tenantId);
  if (!row || !isLive(row.status)) throw new Refusal("no_subscription", "The tenant has no live subscription, so no invoice is coming.");
  const plan = input.plan === undefined ? null : (await ctx.catalog.current({ fresh: true })).plans.get(input.plan);
  if (plan === undefined)
    throw new Refusal("plan_not_found", `There is no plan ${JSON.stringify(input.plan)}.`, {
      faults: [{ path: "plan", message: "names no plan" }],
    });
  const subject = {
    ...subjectOf(row),
    ...(input.seats === undefined ? {} : { seats: input.seats }),
    ...(plan ? { planKey: plan.key, planVersion: plan.version } : {}),
  };
  const paidFrom = row.trial_end ?? row.started_at;
  const begins = (row.status === "trialing" || row.status === "incomplete") && (input.at === undefined || input.at < paidFrom);
  const current = { start: row.current_period_start, end: row.current_period_end };
  const period = input.at === undefined ? current : cycleAt(row, paidFrom, Math.max(input.at, paidFrom));
  const ahead = cycleAt(row, paidFrom, begins ? paidFrom : period.end);
  const request: BillingRequest = begins
    ? { subject, reason: "start", period: ahead, closes: null, advances: ahead }
    : { subject, reason: "period", period, closes: period, advances: row.auto_renew && row.cancel_at === null ? ahead : null };
  const [draft] = await prepareInvoices(ctx, db, [request]);
  return draft ?? emptyDraft(request);
}
