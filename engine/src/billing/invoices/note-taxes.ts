/** What a tax engine outside is to record: written with the invoice, its credit note or its end, and told afterwards. */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import type { Completed } from "./complete.ts";
import { readCreditLines } from "./credit-store.ts";
import { taxOf } from "./invoice.ts";
import { type InvoiceRow, readLines } from "./store.ts";
import { findSale, hasReturns, insertTaxRecords, type NewTaxRecord, type TaxSum } from "./tax-record-store.ts";
import { endWaits, takeAnswers } from "./tax-store.ts";

/** Takes the answers by which the invoices were taxed; what they sell is to be recorded, and what they give back. */
export async function noteSales(tx: Tx, issued: readonly { row: InvoiceRow; completed: Completed }[]): Promise<void> {
  const taken = issued.flatMap(({ row, completed: { taxAnswer } }) => (taxAnswer ? [{ row, taxAnswer }] : []));
  await takeAnswers(
    tx,
    taken.map(({ row, taxAnswer }) => ({ answer: taxAnswer.id, tenantId: row.tenant_id, invoiceId: row.id })),
  );
  const records = taken.flatMap(({ row, taxAnswer }): NewTaxRecord[] => {
    const about = { tenant_id: row.tenant_id, invoice_id: row.id, engine: tx.ctx.taxes.name, currency: row.currency };
    const sums = taxAnswer.sums.map(({ code, amount, taxes }) => ({ code, amount, tax: taxOf({ taxes }) }));
    const { calculation, codes } = taxAnswer;
    const sale = { ...about, kind: "sale" as const, subject: "", calculation, codes, sums: sums.filter(({ amount }) => amount > 0n) };
    const returns = sums
      .filter(({ amount }) => amount < 0n)
      .map(({ code, amount, tax }) => ({
        ...about,
        kind: "return" as const,
        subject: code,
        calculation: null,
        codes: null,
        sums: [{ code, amount: -amount, tax: -tax }],
      }));
    return [...(calculation === null ? [] : [sale]), ...returns];
  });
  await note(tx, records);
}

/** Reaction to `invoice.voided`: all of the sale is taken back. What it gave back beside it stays taken off earlier sales, which is said. */
export async function takeBackSale(tx: Tx, event: AppendedEvent): Promise<void> {
  const sale = await saleOf(tx, event);
  if (!sale) return;
  await note(tx, [{ ...sale, kind: "reversal", subject: "void", calculation: null, codes: null, sums: null }]);
  if (!(await hasReturns(tx, sale.invoice_id, sale.tenant_id))) return;
  const reason = "it also took something off earlier sales, which a void cannot put back";
  tx.emit({
    type: "tax.record_failed",
    tenantId: sale.tenant_id,
    subject: sale.invoice_id,
    summary: `Of an invoice that was voided, enter at ${sale.engine} by hand what it gave back: ${reason}.`,
    data: { engine: sale.engine, invoice: sale.invoice_id, kind: "return", reason },
  });
}

/** Reaction to `invoice.credited`: what the note takes off each code. */
export async function takeBackCredit(tx: Tx, event: AppendedEvent): Promise<void> {
  const sale = await saleOf(tx, event);
  const { credit_note: noteId } = event.data;
  if (!sale || typeof noteId !== "string") return;
  const lines = (await readLines(tx, [sale.tenant_id], [sale.invoice_id])).get(sale.invoice_id) ?? [];
  const credited = (await readCreditLines(tx, [noteId], sale.tenant_id)).get(noteId) ?? [];
  const sums = new Map<string, TaxSum>();
  for (const line of credited) {
    const code = sale.codes?.[lines.findIndex((one) => one.id === line.line_id)] ?? "";
    const before = sums.get(code) ?? { code, amount: 0n, tax: 0n };
    sums.set(code, { code, amount: before.amount + line.amount - line.discount, tax: before.tax + line.tax });
  }
  await note(tx, [{ ...sale, kind: "reversal", subject: noteId, calculation: null, codes: null, sums: [...sums.values()] }]);
}

/** Reaction to `tenant.updated`: what the tax engine refused may be mended, so that it is asked at once. */
export async function askTaxesAgain(tx: Tx, event: AppendedEvent): Promise<void> {
  if (event.tenantId !== null && tx.ctx.taxes.kind === "outside") await endWaits(tx, [event.tenantId]);
}

async function saleOf(tx: Tx, event: AppendedEvent) {
  const { invoice } = event.data;
  if (event.tenantId === null || typeof invoice !== "string") return null;
  return findSale(tx, invoice, event.tenantId);
}

async function note(tx: Tx, records: readonly NewTaxRecord[]): Promise<void> {
  if ((await insertTaxRecords(tx, records, tx.ctx.clock.now())) > 0) tx.enqueue({ name: "taxes-due", key: "taxes-due" });
}
