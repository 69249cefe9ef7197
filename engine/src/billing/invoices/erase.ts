/**
 * Reaction to `tenant.erased`: the mail address that invoices were made out to goes, and what the bank wrote about who paid them. Name, address and tax
 * id stay on invoices that were issued, as the law asks of them.
 */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { eraseRowTexts } from "./statement-store.ts";
import { eraseBillToMail } from "./store.ts";

export async function eraseInvoices(tx: Tx, event: AppendedEvent): Promise<void> {
  if (event.tenantId === null) return;
  await eraseBillToMail(tx, event.tenantId);
  await eraseRowTexts(tx, event.tenantId);
}
