/** Stores a change of terms that was prepared: the subscription, the parts of its periods, what waits, what is invoiced. */
import type { Tx } from "../../commit.ts";
import { insertPending } from "../invoices/pending-store.ts";
import { replaceSegments } from "../invoices/segment-store.ts";
import type { InvoiceRow } from "../invoices/store.ts";
import { issueRequests } from "./issue-requests.ts";
import { changeCredits, openCredits } from "./open-credits.ts";
import type { PreparedTerms } from "./prepare-terms.ts";
import { insertTrial, type SubscriptionRow, saveSubscription } from "./store.ts";

/** `announce` says what happened, before the invoices that come of it. */
export async function applyTerms(tx: Tx, row: SubscriptionRow, prepared: PreparedTerms, announce: () => void): Promise<void> {
  const whose = { tenantId: row.tenant_id, subscriptionId: row.id };
  await saveSubscription(tx, prepared.next);
  for (const { periodStart, parts } of prepared.segments) await replaceSegments(tx, whose, periodStart, parts);
  await insertPending(tx, whose, prepared.pending);
  // A trial that goes on under another plan is that plan's trial too.
  if (prepared.next.trial_end !== null && prepared.next.trial_end > tx.now) await insertTrial(tx, prepared.next, tx.now);
  announce();
  const issued = await issueRequests(tx, prepared.requests);
  await creditsOf(tx, row, prepared, issued.at(-1) ?? null);
}

async function creditsOf(tx: Tx, row: SubscriptionRow, { next }: PreparedTerms, invoice: InvoiceRow | null): Promise<void> {
  if (next.status === "incomplete") return;
  if (next.current_period_start !== row.current_period_start) await openCredits(tx, [{ row: next, invoice }]);
  else if (next.plan_key !== row.plan_key || next.plan_version !== row.plan_version) await changeCredits(tx, { row: next, invoice });
}
