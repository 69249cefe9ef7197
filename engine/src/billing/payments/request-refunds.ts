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
  /** It went back already, at the gateway: of this payment, under the gateway's name of it. Nothing is asked for. */
  made?: RefundMade | undefined;
}

export interface RefundMade {
  payment: { id: string; gateway: string };
  reference: string;
}

export async function requestRefunds(tx: Tx, { invoice, creditNoteId, amountMinor, made }: RefundRequest): Promise<void> {
  if (made) return insertRefunds(tx, [madeRefund(tx, { invoice, invoiceId: invoice.id, creditNoteId, amountMinor, made })]);
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
      from_balance: 0n,
    });
  }
  if (open > 0n)
    throw new Refusal("conflict", `Of what is to be refunded, ${open} was not paid through a gateway; credit it to the balance.`);
  await insertRefunds(tx, rows);
  tx.enqueue({ name: "refund-due", key: "refund-due" });
}

/** The row of a refund that a gateway tells of: it is sent, has its name there, and what becomes of it is recorded as of any other. */
export function madeRefund(
  tx: Tx,
  of: Omit<RefundRequest, "made"> & { made: RefundMade; invoiceId: string | null; fromBalance?: bigint },
): RefundRow {
  const { invoice, made } = of;
  return {
    id: newId("refund"),
    tenant_id: invoice.tenant_id,
    payment_id: made.payment.id,
    invoice_id: of.invoiceId,
    credit_note_id: of.creditNoteId,
    gateway: made.payment.gateway,
    currency: invoice.currency,
    amount: of.amountMinor,
    status: "pending",
    gateway_reference: made.reference,
    code: null,
    reason: null,
    test_clock_id: invoice.test_clock_id,
    requested_at: tx.now,
    sent_at: tx.ctx.clock.now(),
    settled_at: null,
    from_balance: of.fromBalance ?? 0n,
  };
}
