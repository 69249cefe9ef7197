/** Settles an invoice with money that came from outside any gateway, once per reference. */
import type { Tx } from "../../commit.ts";
import { invalidField, Refusal } from "../../errors.ts";
import { keepReceipt, recallReceipt } from "../payments/keep-receipt.ts";
import type { Received } from "../payments/receipt.ts";
import type { ReceiptRow } from "../payments/receipt-store.ts";
import { takeReceipt } from "../payments/take-receipt.ts";
import { getInvoice } from "./find-invoice.ts";
import { lessenPayment } from "./lessen-payment.ts";
import type { InvoiceRow } from "./store.ts";

export interface ReconcileInput extends Omit<Received, "currency"> {
  invoiceId: string;
  tenantId: string;
  /** The invoice's if not said. */
  currency?: string | undefined;
}

/**
 * Less than is due leaves the rest due, more becomes balance. The same reference over the same is answered as it was. Throws
 * `conflict` where the reference was counted otherwise, `invalid_state` for a draft or a voided invoice, a 422 for another currency.
 */
export async function reconcile(tx: Tx, input: ReconcileInput): Promise<{ row: ReceiptRow; fresh: boolean }> {
  const invoice = await getInvoice(tx, input.invoiceId, input.tenantId);
  const currency = input.currency ?? invoice.currency;
  const asked = { ...input, currency };
  const known = await recallReceipt(tx, asked);
  if (known) return { row: known, fresh: false };
  refuseUnpayable(invoice, currency);
  const { row, fresh } = await keepReceipt(tx, asked);
  if (!fresh) return { row, fresh };
  await payByReceipt(tx, row, invoice, row.amount);
  return { row, fresh };
}

/** Throws where no money of this currency settles the invoice. */
export function refuseUnpayable(invoice: InvoiceRow, currency: string): void {
  if (invoice.status === "draft" || invoice.status === "void")
    throw new Refusal("invalid_state", `The invoice is ${invoice.status}, so it cannot be paid.`, { extra: { state: invoice.status } });
  if (currency !== invoice.currency)
    throw invalidField("currency", `must be that of the invoice, ${invoice.currency}: money of another currency settles nothing`);
}

/** What is asked for of a payment method and was not sent yet is asked for the rest only; what was sent runs on. */
export async function payByReceipt(tx: Tx, receipt: ReceiptRow, invoice: InvoiceRow, amount: bigint): Promise<string> {
  const due = amount < invoice.amount_due ? invoice.amount_due - amount : 0n;
  const because = { code: "paid_outside", reason: "Money came from outside before the payment was sent." };
  await lessenPayment(tx, invoice, due, { wait: false, because });
  return takeReceipt(tx, receipt, invoice, amount);
}
