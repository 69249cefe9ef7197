/** Ends a pause: a new period begins at `at`, and what was paid for the time after the pause began is given back on its invoice. */
import type { Tx } from "../../commit.ts";
import { replaceSegments } from "../invoices/segment-store.ts";
import type { Instant } from "../time/instant.ts";
import { announcePlanChange } from "./announce.ts";
import { billStart } from "./bill-start.ts";
import { cutPeriod } from "./cut-period.ts";
import { dueAt, isTrialPeriod, pauseOf } from "./cycle.ts";
import { issueRequests } from "./issue-requests.ts";
import { openCredits } from "./open-credits.ts";
import { scheduledTerms } from "./scheduled-terms.ts";
import { type SubscriptionRow, saveSubscription } from "./store.ts";
import { assertMove } from "./subscription.ts";
import { fromNewCycle, underTerms } from "./terms.ts";
import { sayUnserved, unservedUsage } from "./unserved-usage.ts";

export async function resumePaused(tx: Tx, row: SubscriptionRow, at: Instant): Promise<SubscriptionRow> {
  assertMove(row.status, "active");
  const { pausedAt } = pauseOf(row)!;
  const trial = isTrialPeriod(row);
  // The period has ended: what was to change with its end changes now.
  const terms = await scheduledTerms(tx.ctx, row);
  const changed = terms ? underTerms(row, terms.plan, terms.seats, at) : row;
  const live: SubscriptionRow = {
    ...fromNewCycle(changed, at),
    status: "active",
    pause: null,
    grace_until: null,
    trial_end: trial ? pausedAt : row.trial_end,
  };
  const next = { ...live, due_at: dueAt(live) };
  const cut = trial ? null : await cutPeriod(tx.ctx, tx, row, { at: Math.min(pausedAt, row.current_period_end), credit: true, next });
  await saveSubscription(tx, next);
  const unserved = sayUnserved(await unservedUsage(tx, row, { start: pausedAt, end: at }));
  tx.emit({
    type: "subscription.resumed",
    tenantId: row.tenant_id,
    subject: row.id,
    summary: `The subscription was resumed, and a new period began.${unserved.words}`,
    data: { subscription: row.id, plan: next.plan_key, status: next.status, paused_at: row.pause?.paused_at, ...unserved.data },
  });
  if (terms) announcePlanChange(tx, row, next, "invoice_now");
  if (!cut) {
    await billStart(tx, [next]);
    return next;
  }
  await replaceSegments(tx, { tenantId: row.tenant_id, subscriptionId: row.id }, row.current_period_start, cut.segments);
  const issued = await issueRequests(tx, cut.requests);
  await openCredits(tx, [{ row: next, invoice: issued.at(-1) ?? null }]);
  return next;
}
