/** Takes an invoice back as if it had never been: nothing is owed, its number stays taken, its lines count as not billed. */
import type { Tx } from "../../commit.ts";
import { Refusal } from "../../errors.ts";
import { formatMinor } from "../money/currency.ts";
import { lockInFlight, withdrawPayment } from "../payments/store.ts";
import { insertBalanceEntries } from "./balance.ts";
import { assertOwn, getInvoice } from "./find-invoice.ts";
import { assertMove } from "./invoice.ts";
import { type InvoiceRow, updateState } from "./store.ts";

export async function voidInvoice(tx: Tx, input: { invoiceId: string; tenantId: string }): Promise<InvoiceRow> {
  const invoice = await getInvoice(tx, input.invoiceId, input.tenantId);
  assertOwn(invoice, "voided");
  assertMove(invoice.status, "void");
  if (invoice.amount_paid > 0n)
    throw new Refusal("invalid_state", "A part of the invoice was paid, so it cannot be voided; make a credit note.", {
      extra: { state: invoice.status },
    });
  if (invoice.credited > 0n)
    throw new Refusal("invalid_state", "A part of the invoice was credited, so it cannot be voided; credit the rest.", {
      extra: { state: invoice.status },
    });
  const running = await lockInFlight(tx, invoice.id, invoice.tenant_id);
  if (running && !running.untouched)
    throw new Refusal("invalid_state", `A payment of the invoice is under way (${running.id}); wait for its outcome.`, {
      extra: { state: invoice.status },
    });
  if (running) await withdrawPayment(tx, running, "invoice_voided", "The invoice was voided before the payment was sent.");
  if (invoice.balance_applied > 0n) await insertBalanceEntries(tx, [{ invoice, kind: "returned", amount: invoice.balance_applied }]);
  const next: InvoiceRow = { ...invoice, status: "void", amount_due: 0n, next_attempt_at: null, voided_at: tx.now };
  await updateState(tx, next);
  tx.emit({
    type: "invoice.voided",
    tenantId: invoice.tenant_id,
    subject: invoice.id,
    summary: `Invoice ${invoice.number ?? "draft"} over ${formatMinor(invoice.total, invoice.currency)} was voided.`,
    data: {
      invoice: invoice.id,
      number: invoice.number,
      subscription: invoice.subscription_id,
      currency: invoice.currency,
      total: invoice.total,
      ...(invoice.failed_at === null ? {} : { failed: true }),
    },
  });
  return next;
}
