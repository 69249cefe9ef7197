/** Asks for money to be given back: written in the transaction that decided it, over the payments of an invoice, the last one first. */
import type { Tx } from "../../commit.ts";
import { Refusal } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { MANUAL } from "./receipt.ts";
import { insertRefunds, type RefundRow, refundablePayments } from "./refund-store.ts";

export interface RefundRequest {
  invoice: { id: string; tenant_id: string; test_clock_id: string | null; currency: string };
  creditNoteId: string | null;
  amountMinor: bigint;
}

export async function requestRefunds(tx: Tx, { invoice, creditNoteId, amountMinor }: RefundRequest): Promise<void> {
  let open = amountMinor;
  const rows: RefundRow[] = [];
  for (const payment of await refundablePayments(tx, invoice.id, invoice.tenant_id)) {
    const left = BigInt(payment.refundable);
    if (open === 0n || left <= 0n) continue;
    const part = left < open ? left : open;
    open -= part;
    rows.push({
      id: newId("refund"),
      tenant_id: invoice.tenant_id,
      payment_id: payment.id,
      invoice_id: invoice.id,
      credit_note_id: creditNoteId,
      gateway: payment.gateway,
      currency: invoice.currency,
      amount: part,
      // No gateway can do it: it waits for whoever gives it back by hand to say so.
      status: payment.gateway === MANUAL ? "pending" : "requested",
      gateway_reference: null,
      code: null,
      reason: null,
      test_clock_id: invoice.test_clock_id,
      requested_at: tx.now,
      sent_at: null,
      settled_at: null,
    });
  }
  if (open > 0n)
    throw new Refusal("conflict", `Of what is to be refunded, ${open} was not paid through a gateway; credit it to the balance.`);
  await insertRefunds(tx, rows);
  tx.enqueue({ name: "refund-due", key: "refund-due" });
}
