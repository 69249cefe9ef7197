/** What becomes of money that fitted no invoice when it came: applied to one, kept as balance, or given back. */
import type { Tx } from "../../commit.ts";
import { invalidField, Refusal } from "../../errors.ts";
import { formatMinor } from "../money/currency.ts";
import { findReceipt, insertUse, type ReceiptRow, takeFromReceipt } from "../payments/receipt-store.ts";
import { insertReceivedBalance } from "./balance.ts";
import { payByReceipt, refuseUnpayable } from "./reconcile.ts";
import { findInvoice } from "./store.ts";

interface UseInput {
  receiptId: string;
  tenantId: string;
  /** In minor units; all that is left, or that is due, if not said. */
  amount?: bigint | undefined;
}

/** Part or all, several times. Throws a 422 for more than is left or due, `invalid_state` where nothing is. */
export async function applyReceipt(tx: Tx, input: UseInput & { invoiceId: string }): Promise<ReceiptRow> {
  const receipt = await openReceipt(tx, input);
  const invoice = await findInvoice(tx, input.invoiceId, input.tenantId, true);
  if (!invoice) throw invalidField("invoice", "names no invoice of the tenant");
  refuseUnpayable(invoice, receipt.currency);
  if (invoice.amount_due === 0n)
    throw new Refusal("invalid_state", `Nothing is due of the invoice: it is ${invoice.status}.`, { extra: { state: invoice.status } });
  const amount = input.amount ?? (receipt.amount_left < invoice.amount_due ? receipt.amount_left : invoice.amount_due);
  if (amount > receipt.amount_left) throw invalidField("amount", `is more than is left: ${receipt.amount_left}`);
  if (amount > invoice.amount_due) throw invalidField("amount", `is more than is due: ${invoice.amount_due}`);
  await payByReceipt(tx, receipt, invoice, amount);
  return { ...receipt, amount_left: receipt.amount_left - amount };
}

/** The tenant's balance has it: invoices to come use it up first. */
export async function keepAsBalance(tx: Tx, input: UseInput): Promise<ReceiptRow> {
  const { receipt, amount } = await take(tx, input, "balance", null);
  await insertReceivedBalance(tx, receipt, amount);
  announce(tx, "payment.kept", receipt, amount, "is kept as balance");
  return receipt;
}

/** Somebody gave it back, outside. */
export async function noteReturned(tx: Tx, input: UseInput & { note?: string | undefined }): Promise<ReceiptRow> {
  const { receipt, amount } = await take(tx, input, "returned", input.note ?? null);
  announce(tx, "payment.returned", receipt, amount, "was returned");
  return receipt;
}

async function openReceipt(tx: Tx, input: UseInput): Promise<ReceiptRow> {
  const receipt = await findReceipt(tx, input.receiptId, input.tenantId, true);
  if (!receipt || receipt.invoice_id !== null) throw new Refusal("not_found", "There is no such unapplied payment.");
  if (receipt.amount_left === 0n) throw new Refusal("invalid_state", "Nothing is left of the payment.", { extra: { state: "used_up" } });
  return receipt;
}

async function take(tx: Tx, input: UseInput, kind: "balance" | "returned", note: string | null) {
  const receipt = await openReceipt(tx, input);
  const amount = input.amount ?? receipt.amount_left;
  if (amount > receipt.amount_left) throw invalidField("amount", `is more than is left: ${receipt.amount_left}`);
  await insertUse(tx, {
    receipt_id: receipt.id,
    tenant_id: receipt.tenant_id,
    kind,
    amount,
    invoice_id: null,
    payment_id: null,
    note,
    created_at: tx.now,
  });
  await takeFromReceipt(tx, receipt, amount);
  return { receipt: { ...receipt, amount_left: receipt.amount_left - amount }, amount };
}

function announce(tx: Tx, type: "payment.kept" | "payment.returned", receipt: ReceiptRow, amount: bigint, words: string): void {
  tx.emit({
    type,
    tenantId: receipt.tenant_id,
    subject: receipt.id,
    summary: `${formatMinor(amount, receipt.currency)} that came by ${receipt.method} ${words}.`,
    data: { payment: receipt.id, currency: receipt.currency, amount, left: receipt.amount_left },
  });
}
