/** Stores a change of terms that was prepared: the subscription, the parts of its periods, what waits, what is invoiced. */
import type { Tx } from "../../commit.ts";
import { issueInvoices } from "../invoices/issue.ts";
import { insertPending } from "../invoices/pending-store.ts";
import { prepareInvoices } from "../invoices/prepare.ts";
import { replaceSegments } from "../invoices/segment-store.ts";
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
  await issueInvoices(
    tx,
    (await prepareInvoices(tx.ctx, tx, prepared.requests)).filter((draft) => draft !== null),
  );
}
