/** What is due for subscriptions that are locked: set by set what is common, by the row a change that was arranged and the end of a pause. */
import type { Tx } from "../../commit.ts";
import { issueInvoices } from "../invoices/issue.ts";
import { prepareInvoices } from "../invoices/prepare.ts";
import { findPeriodInvoices } from "../invoices/store.ts";
import { billStart } from "./bill-start.ts";
import { closePeriod } from "./close-period.ts";
import { pauseOf } from "./cycle.ts";
import { endSubscription } from "./end-subscription.ts";
import { announceStep, type Step } from "./renewal.ts";
import { resumePaused } from "./resume-paused.ts";
import { scheduledTerms } from "./scheduled-terms.ts";
import { type SubscriptionRow, saveSubscription, updateCycles } from "./store.ts";
import { beginStep } from "./trial.ts";

/** Does for each of these locked rows what is due for it, once: who is far behind is due again afterwards. */
export async function renewRows(tx: Tx, rows: readonly SubscriptionRow[]): Promise<void> {
  for (const row of rows) if (row.status === "paused") await endPause(tx, row);
  const running = rows.filter((row) => row.status !== "paused");
  const byHand = await closedByHand(tx, running);
  const steps: Step[] = [];
  for (const row of running) {
    const terms = row.scheduled_change ? await scheduledTerms(tx.ctx, row) : null;
    const before = row.status === "incomplete" || row.status === "trialing";
    steps.push(before ? beginStep(row, terms, tx.now) : closePeriod(row, terms, byHand.has(row.id)));
  }
  // State first: the index of live subscriptions must hold when invoices refer to it.
  await updateCycles(
    tx,
    steps.filter((step) => !step.changes).map((step) => step.next),
  );
  for (const step of steps) if (step.changes) await saveSubscription(tx, step.next);
  for (const step of steps) if (step.starts) announceStep(tx, step);
  await billStart(
    tx,
    steps.filter((step) => step.starts && step.next.status === "active").map((step) => step.next),
  );
  await issueInvoices(
    tx,
    (
      await prepareInvoices(
        tx.ctx,
        tx,
        steps.flatMap((step) => step.requests),
      )
    ).filter((draft) => draft !== null),
  );
  for (const step of steps) if (!step.starts) announceStep(tx, step);
}

// One that was canceled in its pause ends; any other goes on.
async function endPause(tx: Tx, row: SubscriptionRow): Promise<void> {
  if (row.cancel_at !== null) {
    await endSubscription(tx, row, { status: "canceled", at: row.cancel_at, reason: null, refundUnused: false });
  } else {
    await resumePaused(tx, row, pauseOf(row)?.resumesAt ?? tx.now);
  }
}

async function closedByHand(tx: Tx, rows: readonly SubscriptionRow[]): Promise<Set<string>> {
  const found = await findPeriodInvoices(
    tx,
    rows.map((row) => ({ tenantId: row.tenant_id, subscriptionId: row.id, periodStart: row.current_period_start })),
  );
  return new Set(found.map((invoice) => invoice.subscription_id ?? ""));
}
