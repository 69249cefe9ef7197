/** The one way in for what became of a refund, once. */
import type { Tx } from "../../commit.ts";
import { formatMinor } from "../money/currency.ts";
import type { RefundOutcome } from "./gateway.ts";
import { refundAdvances } from "./refund.ts";
import { lockRefund, updateRefund } from "./refund-store.ts";

export async function recordRefund(tx: Tx, input: { refundId: string; tenantId: string; outcome: RefundOutcome }): Promise<void> {
  const row = await lockRefund(tx, input.refundId, input.tenantId);
  if (!row) throw new Error(`outcome of the unknown refund ${input.refundId}`);
  const { outcome } = input;
  if (!refundAdvances(row.status, outcome.status)) return;
  const settled = outcome.status === "succeeded" || outcome.status === "failed";
  await updateRefund(tx, {
    ...row,
    status: outcome.status,
    gateway_reference: "reference" in outcome ? outcome.reference : row.gateway_reference,
    code: outcome.status === "failed" ? outcome.code : null,
    reason: "reason" in outcome ? outcome.reason : null,
    settled_at: settled ? tx.now : null,
  });
  if (!settled) return;
  const words = formatMinor(row.amount, row.currency);
  tx.emit({
    type: outcome.status === "succeeded" ? "payment.refunded" : "payment.refund_failed",
    tenantId: row.tenant_id,
    subject: row.payment_id,
    summary: outcome.status === "succeeded" ? `${words} of a payment were given back.` : `A refund of ${words} failed: ${outcome.reason}`,
    data: {
      payment: row.payment_id,
      refund: row.id,
      invoice: row.invoice_id,
      credit_note: row.credit_note_id,
      currency: row.currency,
      amount: row.amount,
      ...(row.from_balance === 0n ? {} : { from_balance: row.from_balance }),
    },
  });
}
