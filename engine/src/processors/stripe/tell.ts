/** Reactions that have Stripe told: of money that was collected here for an invoice of its, and of invoices of ours that are to be seen there. */
import { findInvoice } from "../../billing/invoices/store.ts";
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { hasNotice, insertNotice } from "./notice-store.ts";

/** Reaction to `invoice.paid`. What Stripe reported itself it knows. */
export async function tellPaid(tx: Tx, event: AppendedEvent): Promise<void> {
  const { invoice: id } = event.data as { invoice: string };
  if (event.tenantId === null || event.source === "stripe" || tx.ctx.processors.outside("stripe") === null) return;
  const invoice = await findInvoice(tx, id, event.tenantId);
  if (!invoice) return;
  const there = invoice.processor === "stripe" || (await hasNotice(tx, id, event.tenantId, "mirror"));
  if (there) await notice(tx, event.tenantId, id, "paid");
}

/** Reaction to `invoice.finalized`: the engine's own are shown at Stripe where that is wished. */
export async function tellIssued(tx: Tx, event: AppendedEvent): Promise<void> {
  if (tx.ctx.config.providerSync !== "invoices" || tx.ctx.processors.outside("stripe") === null || event.tenantId === null) return;
  const { invoice: id } = event.data as { invoice: string };
  const invoice = await findInvoice(tx, id, event.tenantId);
  if (invoice?.processor !== "engine" || invoice.total <= 0n) return;
  await notice(tx, event.tenantId, id, "mirror");
}

async function notice(tx: Tx, tenantId: string, invoiceId: string, kind: "paid" | "mirror"): Promise<void> {
  if (await insertNotice(tx, { tenant_id: tenantId, invoice_id: invoiceId, kind }, tx.ctx.clock.now()))
    tx.enqueue({ name: "processor-due", key: "processor-due" });
}
