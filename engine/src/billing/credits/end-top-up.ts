/** How an automatic top-up ends: paid, or failed and tried again after a pause, until it is given up. */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { formatInstant } from "../time/instant.ts";
import { retryAt } from "./top-up.ts";
import { endRun, findTopUp, updateTrouble } from "./top-up-store.ts";

/** Reaction to `invoice.paid`. */
export async function endTopUp(tx: Tx, event: AppendedEvent): Promise<void> {
  const about = saleOf(event);
  if (!about || !(await endRun(tx, about.invoice, about.tenantId, "granted"))) return;
  const row = await findTopUp(tx, about.tenantId, true);
  if (row && row.failures > 0) await updateTrouble(tx, { ...row, failures: 0, retry_at: null });
}

/** Reaction to `invoice.voided`: a purchase that was not paid at once is called off. */
export async function failTopUp(tx: Tx, event: AppendedEvent): Promise<void> {
  const about = saleOf(event);
  const run = about && (await endRun(tx, about.invoice, about.tenantId, "failed"));
  const row = run && (await findTopUp(tx, about.tenantId, true));
  if (!row) return;
  const failures = row.failures + 1;
  const retry = retryAt(failures, tx.now);
  const enabled = row.enabled && retry !== null;
  const disabledReason = row.enabled && !enabled ? "payment_failed" : row.disabled_reason;
  await updateTrouble(tx, { ...row, enabled, disabled_reason: disabledReason, failures, retry_at: retry });
  const data = { invoice: run.invoice_id, product: row.product_key, failures, retry_at: retry === null ? null : formatInstant(retry) };
  tx.emit({
    type: "credits.top_up_failed",
    tenantId: row.tenant_id,
    subject: run.id,
    summary: retry === null ? "An automatic top-up failed." : `An automatic top-up failed; it is tried again at ${formatInstant(retry)}.`,
    data,
  });
  if (row.enabled && !enabled) {
    tx.emit({
      type: "credits.top_up_disabled",
      tenantId: row.tenant_id,
      subject: null,
      summary: `Automatic top-up was switched off: it failed ${failures} times in a row.`,
      data: { ...data, reason: disabledReason },
    });
  }
}

function saleOf(event: AppendedEvent): { invoice: string; tenantId: string } | null {
  const { invoice, subscription } = event.data as { invoice: string; subscription: string | null };
  return subscription !== null || event.tenantId === null ? null : { invoice, tenantId: event.tenantId };
}
