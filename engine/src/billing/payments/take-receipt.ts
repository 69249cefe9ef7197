/** Makes a payment of an invoice out of a receipt's money: it succeeded before anybody here asked for it. */
import type { Tx } from "../../commit.ts";
import { newId } from "../../ids.ts";
import { MANUAL } from "./receipt.ts";
import { insertUse, type ReceiptRow, takeFromReceipt } from "./receipt-store.ts";
import { announceSuccess } from "./record-outcome.ts";
import { insertReceived, lastAttempts } from "./store.ts";

/** What the invoice becomes is for the reaction to `payment.succeeded`, as with every payment. Answers the payment's id. */
export async function takeReceipt(
  tx: Tx,
  receipt: ReceiptRow,
  invoice: { id: string; tenant_id: string; test_clock_id: string | null },
  amount: bigint,
): Promise<string> {
  const attempts = await lastAttempts(tx, [invoice]);
  const payment = {
    id: newId("payment"),
    tenant_id: receipt.tenant_id,
    invoice_id: invoice.id,
    gateway: MANUAL,
    currency: receipt.currency,
    amount,
    gateway_reference: receipt.reference,
    attempt: (attempts.get(invoice.id) ?? 0) + 1,
    test_clock_id: invoice.test_clock_id,
  };
  await insertReceived(tx, payment);
  await insertUse(tx, {
    receipt_id: receipt.id,
    tenant_id: receipt.tenant_id,
    kind: "applied",
    amount,
    invoice_id: invoice.id,
    payment_id: payment.id,
    note: null,
    created_at: tx.now,
  });
  await takeFromReceipt(tx, receipt, amount);
  announceSuccess(tx, payment, amount);
  return payment.id;
}
