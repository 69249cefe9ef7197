/** Does what is due for subscriptions that are locked. What is common goes in sets; a change that was arranged, or the end of a pause, by the row. */
import type { Tx } from "../../commit.ts";
import { findPeriodInvoices, type InvoiceRow } from "../invoices/store.ts";
import { billStart } from "./bill-start.ts";
import { closePeriod } from "./close-period.ts";
import { pauseOf } from "./cycle.ts";
import { endSubscription } from "./end-subscription.ts";
import { issueRequests } from "./issue-requests.ts";
import { hasEnded, lateCloseAt, lateRequest } from "./late-close.ts";
import { type Opened, openCredits } from "./open-credits.ts";
import { announceStep, type Step } from "./renewal.ts";
import { resumePaused } from "./resume-paused.ts";
import { scheduledTerms } from "./scheduled-terms.ts";
import { type SubscriptionRow, saveSubscription, updateCycles } from "./store.ts";
import { beginStep } from "./trial.ts";

/** Does for each of these locked rows what is due for it, once: who is far behind is due again afterwards. */
export async function renewRows(tx: Tx, rows: readonly SubscriptionRow[]): Promise<void> {
  for (const row of rows) if (row.status === "paused") await endPause(tx, row);
  await closeLate(tx, rows.filter(hasEnded));
  const running = rows.filter((row) => row.status !== "paused" && !hasEnded(row));
  const byHand = await closedByHand(tx, running);
  const steps: Step[] = [];
  for (const row of running) {
    const terms = row.scheduled_change ? await scheduledTerms(tx.ctx, row) : null;
    const before = row.status === "incomplete" || row.status === "trialing";
    const step = before ? beginStep(row, terms, tx.now) : closePeriod(row, terms, byHand.has(row.id));
    const late = !before && hasEnded(step.next);
    steps.push(late ? { ...step, next: { ...step.next, due_at: lateCloseAt(tx.ctx, step.next) } } : step);
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
  const issued = await issueRequests(
    tx,
    steps.flatMap((step) => step.requests),
  );
  for (const step of steps) if (!step.starts) announceStep(tx, step);
  await openCredits(tx, openedBy(steps, issued));
}

/** Trials that begin and periods that follow one another; what begins to be paid for is opened with its first invoice. */
function openedBy(steps: readonly Step[], issued: readonly (InvoiceRow | null)[]): Opened[] {
  let place = 0;
  return steps.flatMap(({ before, next, requests }) => {
    const ahead = requests.findIndex((request) => request.advances !== null);
    const invoice = ahead < 0 ? null : (issued[place + ahead] ?? null);
    place += requests.length;
    const trial = before.status === "incomplete" && next.status === "trialing";
    return trial || ahead >= 0 ? [{ row: next, invoice }] : [];
  });
}

// One that was canceled in its pause ends; any other goes on.
async function endPause(tx: Tx, row: SubscriptionRow): Promise<void> {
  if (row.cancel_at !== null) {
    await endSubscription(tx, row, { status: "canceled", at: row.cancel_at, reason: null, refundUnused: false });
  } else {
    await resumePaused(tx, row, pauseOf(row)?.resumesAt ?? tx.now);
  }
}

async function closeLate(tx: Tx, rows: readonly SubscriptionRow[]): Promise<void> {
  if (rows.length === 0) return;
  await issueRequests(tx, rows.map(lateRequest));
  await updateCycles(
    tx,
    rows.map((row) => ({ ...row, due_at: null })),
  );
}

async function closedByHand(tx: Tx, rows: readonly SubscriptionRow[]): Promise<Set<string>> {
  const found = await findPeriodInvoices(
    tx,
    rows.map((row) => ({ tenantId: row.tenant_id, subscriptionId: row.id, periodStart: row.current_period_start })),
  );
  return new Set(found.map((invoice) => invoice.subscription_id ?? ""));
}
