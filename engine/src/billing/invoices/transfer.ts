/** What an invoice that is sent says to whoever pays by bank: where the money goes, and the number by which it is found again. Pure. */
import type { InvoiceRow } from "./store.ts";

export interface Transfer {
  /** Account, bank, codes, as the seller writes them. */
  lines: string[];
  reference: string;
}

/** null: nothing is to be transferred, or nobody said where to. */
export function transferOf(
  row: Pick<InvoiceRow, "collection" | "status" | "amount_due" | "number" | "processor">,
  seller: { bankDetails?: string | null },
): Transfer | null {
  const asked = row.collection === "send_invoice" && (row.status === "open" || row.status === "uncollectible") && row.amount_due > 0n;
  if (!asked || row.number === null || !seller.bankDetails) return null;
  const lines = seller.bankDetails.split(/\r?\n|\\n/).map((line) => line.trim());
  return { lines: lines.filter((line) => line !== ""), reference: row.number };
}

export function transferLines(transfer: Transfer | null): string[] {
  return transfer ? [...transfer.lines, `Payment reference: ${transfer.reference}`] : [];
}
