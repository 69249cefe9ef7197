/** Computes invoices and issues them: an answer a request, in order, null where there was nothing to bill. */
import type { Tx } from "../../commit.ts";
import { issueInvoices } from "../invoices/issue.ts";
import { type BillingRequest, prepareInvoices } from "../invoices/prepare.ts";
import type { InvoiceRow } from "../invoices/store.ts";

export async function issueRequests(tx: Tx, requests: readonly BillingRequest[]): Promise<(InvoiceRow | null)[]> {
  const drafts = await prepareInvoices(tx.ctx, tx, requests);
  const issued = await issueInvoices(
    tx,
    drafts.filter((draft) => draft !== null),
  );
  let next = 0;
  return drafts.map((draft) => (draft === null ? null : issued[next++]!));
}
