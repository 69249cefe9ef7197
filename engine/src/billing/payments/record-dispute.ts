/** The one way in for what a gateway says of a dispute: kept, and announced when it is new or moves on. */
import type { Tx } from "../../commit.ts";
import { newId } from "../../ids.ts";
import { formatMinor } from "../money/currency.ts";
import { type DisputeReport, type DisputeStatus, disputeMoves, isDecided } from "./dispute.ts";
import { insertDispute, lockDispute, noteDispute, updateDispute } from "./dispute-store.ts";
import { lockPayment } from "./store.ts";

const WORDS: Readonly<Record<DisputeStatus, string>> = {
  warning: "may be disputed: the bank inquires",
  needs_response: "is disputed: evidence is asked for",
  under_review: "is disputed: the bank looks at the evidence",
  won: "was disputed, and the money stays",
  lost: "was disputed, and the money is gone",
};

export async function recordDispute(tx: Tx, input: { paymentId: string; tenantId: string; report: DisputeReport }): Promise<void> {
  const { report, tenantId } = input;
  // The payment's lock orders what two workers hear of a dispute that is not here yet.
  const payment = await lockPayment(tx, input.paymentId, tenantId);
  if (!payment) throw new Error(`dispute of the unknown payment ${input.paymentId}`);
  const before = await lockDispute(tx, tenantId, payment.gateway, report.reference);
  if (before && !disputeMoves(before.status, report.status)) return;
  const state = {
    status: report.status,
    reason: report.reason,
    amount: report.amountMinor,
    closed_at: isDecided(report.status) ? tx.now : null,
  };
  const row = before
    ? { ...before, ...state }
    : {
        id: newId("dispute"),
        tenant_id: tenantId,
        payment_id: payment.id,
        gateway: payment.gateway,
        reference: report.reference,
        currency: report.currency,
        opened_at: tx.now,
        ...state,
      };
  await (before ? updateDispute(tx, row) : insertDispute(tx, row));
  await noteDispute(tx, row);
  tx.emit({
    type: "payment.disputed",
    tenantId,
    subject: payment.id,
    summary: `A payment of ${formatMinor(payment.amount, payment.currency)} ${WORDS[row.status]}.`,
    data: {
      payment: payment.id,
      dispute: row.id,
      invoice: payment.invoice_id,
      gateway: payment.gateway,
      status: row.status,
      reason: row.reason,
      currency: row.currency,
      amount: row.amount,
    },
  });
}
