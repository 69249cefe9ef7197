/** Writes a receipt down, once per reference: the same again is the first one, anything else under the reference is refused. */
import type { Tx } from "../../commit.ts";
import { Refusal } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { formatMinor } from "../money/currency.ts";
import { foldReference, type Received } from "./receipt.ts";
import { findByReference, insertReceipt, type ReceiptRow } from "./receipt-store.ts";

export interface KeepInput extends Received {
  tenantId: string;
  /** null: it fits none, or nobody knows which. */
  invoiceId: string | null;
}

/**
 * Answers a receipt that was there; null: the reference is new. Throws `conflict`, naming the payment, where the reference was
 * counted with another amount, currency or invoice.
 */
export async function recallReceipt(tx: Tx, input: KeepInput): Promise<ReceiptRow | null> {
  const known = await findByReference(tx, input.tenantId, foldReference(input.reference));
  if (known === null) return null;
  if (known.amount === input.amount && known.currency === input.currency && known.invoice_id === input.invoiceId) return known;
  throw new Refusal(
    "conflict",
    `The reference ${known.reference} was counted before: ${known.id} over ${formatMinor(known.amount, known.currency)}, ${
      known.invoice_id === null ? "not for an invoice" : `for invoice ${known.invoice_id}`
    }.`,
    { faults: [{ path: "reference", message: "was counted before" }], extra: { payment: known.id, invoice: known.invoice_id } },
  );
}

/** `fresh` false: somebody else wrote it meanwhile. */
export async function keepReceipt(tx: Tx, input: KeepInput): Promise<{ row: ReceiptRow; fresh: boolean }> {
  const row: ReceiptRow = {
    id: newId("receipt"),
    tenant_id: input.tenantId,
    method: input.method,
    reference: input.reference,
    reference_key: foldReference(input.reference),
    currency: input.currency,
    amount: input.amount,
    amount_left: input.amount,
    invoice_id: input.invoiceId,
    note: input.note,
    received_at: input.receivedAt,
    created_at: tx.now,
  };
  if (await insertReceipt(tx, row)) return { row, fresh: true };
  return { row: (await recallReceipt(tx, input))!, fresh: false };
}

/** Keeps money that fits no invoice, to be applied later. */
export async function keepUnapplied(tx: Tx, input: Omit<KeepInput, "invoiceId">): Promise<{ row: ReceiptRow; fresh: boolean }> {
  const asked: KeepInput = { ...input, invoiceId: null };
  const known = await recallReceipt(tx, asked);
  if (known) return { row: known, fresh: false };
  const kept = await keepReceipt(tx, asked);
  if (!kept.fresh) return kept;
  const { row } = kept;
  tx.emit({
    type: "payment.unapplied",
    tenantId: row.tenant_id,
    subject: row.id,
    summary: `${formatMinor(row.amount, row.currency)} came by ${row.method} and fits no invoice.`,
    data: { payment: row.id, method: row.method, reference: row.reference, currency: row.currency, amount: row.amount },
  });
  return kept;
}
