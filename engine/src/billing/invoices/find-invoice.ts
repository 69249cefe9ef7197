/** An invoice by its id, for those who must have one. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { Refusal } from "../../errors.ts";
import { isId } from "../../ids.ts";
import { findInvoice, type InvoiceRow } from "./store.ts";

/** Locked until the transaction ends. Throws `not_found`. */
export async function getInvoice(tx: Tx, id: string, tenantId: string): Promise<InvoiceRow> {
  const row = await findInvoice(tx, id, tenantId, true);
  if (!row) throw unknown();
  return row;
}

/** Throws where a processor makes and collects the invoice: `what` completes "…, so it is … there". */
export function assertOwn(invoice: Pick<InvoiceRow, "processor">, what: string): void {
  if (invoice.processor === "engine") return;
  throw new Refusal("invalid_state", `The invoice is ${invoice.processor}'s, so it is ${what} there; what becomes of it is seen here.`, {
    extra: { processor: invoice.processor },
  });
}

/** `tenantId`: the only one whose invoices exist for the asker; null: all. Throws `not_found`. */
export async function readInvoice(db: Database, id: string, tenantId: string | null): Promise<InvoiceRow> {
  const row = isId("invoice", id) ? await findInvoice(db, id, tenantId) : null;
  if (!row) throw unknown();
  return row;
}

function unknown(): Refusal {
  return new Refusal("not_found", "There is no such invoice.");
}
