/**
 * What falls due: a start in the future arrives, a trial nears its end and ends, a period closes and the next begins, a pause
 * is over, a subscription that does not renew ends. Due work is found in data, in chunks, each one write; workers take
 * different rows and never collide. What is common goes in sets; a change that was arranged, or the end of a pause, by the row.
 */
import { ENGINE } from "../../auth/principal.ts";
import { commit, type Tx } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { findPeriodInvoices, type InvoiceRow } from "../invoices/store.ts";
import type { Instant } from "../time/instant.ts";
import { billStart } from "./bill-start.ts";
import { closePeriod } from "./close-period.ts";
import { pauseOf } from "./cycle.ts";
import { endSubscription } from "./end-subscription.ts";
import { issueRequests } from "./issue-requests.ts";
import { type Opened, openCredits } from "./open-credits.ts";
import { announceStep, type Step } from "./renewal.ts";
import { resumePaused } from "./resume-paused.ts";
import { scheduledTerms } from "./scheduled-terms.ts";
import { lockDue, type SubscriptionRow, saveSubscription, updateCycles } from "./store.ts";
import { beginStep } from "./trial.ts";

export const CHUNK = 500;

export interface RenewInput {
  /** What is due at or before this instant; it is also the `now` of the write. */
  now: Instant;
  /** Only subscriptions on this test clock; null: only those on the system's clock. */
  testClockId: string | null;
  chunk?: number;
}

/** Works until nothing is due, or `enough` says so. Answers how many periods it moved. */
export async function renewDue(
  ctx: Context,
  input: RenewInput,
  onChunk?: (moved: number) => void,
  enough = (_moved: number) => false,
): Promise<number> {
  let moved = 0;
  const lane = async (): Promise<void> => {
    for (let count = 1; count > 0 && !enough(moved); ) {
      count = await commit(ctx, { principal: ENGINE, now: input.now }, (tx) => renewChunk(tx, input));
      moved += count;
      if (count > 0) onChunk?.(moved);
    }
  };
  // Two lanes: one computes while the database stores what the other computed. Under a test clock one, so that the same
  // business gives the same numbers in the same order.
  await Promise.all(input.testClockId === null ? [lane(), lane()] : [lane()]);
  return moved;
}

/** One chunk, one write: the action behind `renewDue`. */
export async function renewChunk(tx: Tx, input: RenewInput): Promise<number> {
  const rows = await lockDue(tx, input.now, input.testClockId, input.chunk ?? CHUNK);
  if (rows.length > 0) await renewRows(tx, rows);
  return rows.length;
}

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

async function closedByHand(tx: Tx, rows: readonly SubscriptionRow[]): Promise<Set<string>> {
  const found = await findPeriodInvoices(
    tx,
    rows.map((row) => ({ tenantId: row.tenant_id, subscriptionId: row.id, periodStart: row.current_period_start })),
  );
  return new Set(found.map((invoice) => invoice.subscription_id ?? ""));
}
