/** Marks an invoice as uncollectible: nobody expects the money any more. It can still be paid. */
import type { Tx } from "../../commit.ts";
import { Refusal } from "../../errors.ts";
import { formatMinor } from "../money/currency.ts";
import { lockInFlight, withdrawPayment } from "../payments/store.ts";
import { assertOwn, getInvoice } from "./find-invoice.ts";
import { assertMove } from "./invoice.ts";
import { type InvoiceRow, updateState } from "./store.ts";

export async function writeOff(tx: Tx, input: { invoiceId: string; tenantId: string }): Promise<InvoiceRow> {
  const invoice = await getInvoice(tx, input.invoiceId, input.tenantId);
  assertOwn(invoice, "written off");
  assertMove(invoice.status, "uncollectible");
  const running = await lockInFlight(tx, invoice.id, invoice.tenant_id);
  if (running && !running.untouched)
    throw new Refusal("invalid_state", `A payment of the invoice is under way (${running.id}); wait for its outcome.`, {
      extra: { state: invoice.status },
    });
  if (running) await withdrawPayment(tx, running, "written_off", "The invoice was marked uncollectible before the payment was sent.");
  const next: InvoiceRow = { ...invoice, status: "uncollectible", next_attempt_at: null };
  await updateState(tx, next);
  tx.emit({
    type: "invoice.marked_uncollectible",
    tenantId: invoice.tenant_id,
    subject: invoice.id,
    summary: `Of invoice ${invoice.number}, ${formatMinor(invoice.amount_due, invoice.currency)} will not be collected.`,
    data: {
      invoice: invoice.id,
      number: invoice.number,
      subscription: invoice.subscription_id,
      currency: invoice.currency,
      amount_due: invoice.amount_due,
      ...(invoice.failed_at === null ? {} : { failed: true }),
    },
  });
  return next;
}
