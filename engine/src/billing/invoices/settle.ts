/** What a payment does to its invoice: the one place, whoever reports it, once, never backwards (domain §8.2). */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { formatMinor } from "../money/currency.ts";
import { insertBalanceEntries } from "./balance.ts";
import { assertMove } from "./invoice.ts";
import { findInvoice, updateSettlement } from "./store.ts";

/** Reaction to `payment.succeeded`: less than what is due is a partial payment, more becomes tenant balance. */
export async function settleInvoice(tx: Tx, event: AppendedEvent): Promise<void> {
  const { invoice: invoiceId, amount: received } = event.data as { invoice?: string; amount: bigint };
  if (!invoiceId || event.tenantId === null) return;
  const invoice = await findInvoice(tx, invoiceId, event.tenantId, true);
  if (!invoice) throw new Error(`payment for the unknown invoice ${invoiceId}`);
  const applied = received < invoice.amount_due ? received : invoice.amount_due;
  const over = received - applied;
  const due = invoice.amount_due - applied;
  const paid = due === 0n && invoice.status !== "paid" && invoice.status !== "void";
  if (paid) assertMove(invoice.status, "paid");
  await updateSettlement(tx, {
    ...invoice,
    amount_paid: invoice.amount_paid + applied,
    amount_due: due,
    status: paid ? "paid" : invoice.status,
    paid_at: paid ? tx.now : invoice.paid_at,
  });
  if (over > 0n) await insertBalanceEntries(tx, [{ invoice, kind: "overpaid", amount: over }]);
  if (!paid) return;
  tx.emit({
    type: "invoice.paid",
    tenantId: invoice.tenant_id,
    subject: invoice.id,
    summary: `Invoice ${invoice.number} over ${formatMinor(invoice.total, invoice.currency)} was paid.`,
    data: {
      invoice: invoice.id,
      number: invoice.number,
      subscription: invoice.subscription_id,
      currency: invoice.currency,
      total: invoice.total,
    },
  });
}

/** Reaction to `payment.failed`. */
export async function notePaymentFailure(tx: Tx, event: AppendedEvent): Promise<void> {
  const { invoice: invoiceId, code, reason } = event.data as { invoice?: string; code: string; reason: string };
  if (!invoiceId || event.tenantId === null) return;
  const invoice = await findInvoice(tx, invoiceId, event.tenantId);
  if (!invoice) return;
  tx.emit({
    type: "invoice.payment_failed",
    tenantId: invoice.tenant_id,
    subject: invoice.id,
    summary: `A payment of invoice ${invoice.number} failed: ${reason}`,
    data: { invoice: invoice.id, number: invoice.number, subscription: invoice.subscription_id, amount_due: invoice.amount_due, code },
  });
}
