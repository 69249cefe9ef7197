/** A purchase that was to be paid at once and was not is called off: nobody owes for credits that were not sold. */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { lockPurchaseOf } from "../credits/purchase-store.ts";
import { findInvoice } from "./store.ts";
import { voidInvoice } from "./void.ts";

/** Reaction to `invoice.payment_failed`. An invoice for credits that was sent stays open, as any other. */
export async function dropFailedSale(tx: Tx, event: AppendedEvent): Promise<void> {
  const { invoice: id, subscription } = event.data as { invoice: string; subscription: string | null };
  if (subscription !== null || event.tenantId === null) return;
  const purchase = await lockPurchaseOf(tx, id, event.tenantId);
  if (purchase === null || (purchase.origin !== "direct" && purchase.origin !== "top_up") || purchase.status !== "open") return;
  const invoice = await findInvoice(tx, id, event.tenantId, true);
  if (invoice?.status === "open" && invoice.amount_paid === 0n) await voidInvoice(tx, { invoiceId: id, tenantId: event.tenantId });
}
