/** SQL of credit notes. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { toJson } from "../../http/json.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { Period } from "../time/period.ts";
import { addParts, type CreditPart } from "./credit.ts";
import type { LineTax } from "./invoice.ts";
import type { InvoiceRow } from "./store.ts";

export interface CreditNoteRow {
  id: string;
  tenant_id: string;
  invoice_id: string;
  number: string;
  currency: string;
  subtotal: bigint;
  discount: bigint;
  tax: bigint;
  total: bigint;
  to_balance: bigint;
  refunded: bigint;
  offset_due: bigint;
  reason: string | null;
  created_at: Instant;
}

export interface CreditLineRow {
  credit_note_id: string;
  line_id: string;
  description: string;
  amount: bigint;
  discount: bigint;
  taxes: readonly LineTax[];
  tax: bigint;
  total: bigint;
}

const NOTE =
  "id, tenant_id, invoice_id, number, currency, subtotal, discount, tax, total, to_balance, refunded, offset_due, reason, created_at";

export async function insertCreditNote(
  tx: Tx,
  row: CreditNoteRow,
  lines: readonly { lineId: string; description: string; part: CreditPart }[],
): Promise<void> {
  await tx.query(
    `insert into credit_notes (id, tenant_id, invoice_id, number, currency, subtotal, discount, tax, total, to_balance, refunded, offset_due, reason, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [
      row.id,
      row.tenant_id,
      row.invoice_id,
      row.number,
      row.currency,
      ...[row.subtotal, row.discount, row.tax, row.total, row.to_balance, row.refunded, row.offset_due].map(String),
      row.reason,
      formatInstant(row.created_at),
    ],
  );
  await tx.copy(
    "credit_note_lines",
    ["credit_note_id", "position", "tenant_id", "invoice_id", "line_id", "description", "amount", "discount", "taxes", "tax", "total"],
    lines.map(({ lineId, description, part }, position) => [
      row.id,
      position,
      row.tenant_id,
      row.invoice_id,
      lineId,
      description,
      part.amount,
      part.discount,
      toJson(part.taxes),
      part.tax,
      part.total,
    ]),
  );
}

/** What was credited of an invoice, by line. */
export async function creditedLines(db: Database, invoice: Pick<InvoiceRow, "id" | "tenant_id">): Promise<Map<string, CreditPart>> {
  const rows = await db.query<CreditLineRow>(
    "select credit_note_id, line_id, description, amount, discount, taxes, tax, total from credit_note_lines where invoice_id = $1 and tenant_id = $2",
    [invoice.id, invoice.tenant_id],
  );
  const found = new Map<string, CreditPart>();
  for (const row of rows) found.set(row.line_id, addParts(found.get(row.line_id), row));
  return found;
}

export interface SoldRow {
  id: string;
  invoice_id: string;
  price_key: string;
  amount: bigint;
  discount: bigint;
  taxes: readonly LineTax[];
  /** Of the invoice. */
  total: bigint;
  credited: bigint;
}

/** Lines that sold time of a period, however it was changed since; the last one first. Their invoices are locked. */
export async function lockSold(
  tx: Tx,
  { tenantId, subscriptionId, period }: { tenantId: string; subscriptionId: string; period: Period },
): Promise<SoldRow[]> {
  return tx.query<SoldRow>(
    `select l.id, l.invoice_id, l.price_key, l.amount, l.discount, l.taxes, i.total, i.credited
     from invoice_lines l join invoices i on i.id = l.invoice_id and i.tenant_id = l.tenant_id
     where l.subscription_id = $1 and l.tenant_id = $2 and l.period_start >= $3 and l.period_end = $4
       and l.kind in ('flat', 'seat') and l.amount > 0 and i.status not in ('draft', 'void')
     order by i.issued_at desc, i.id desc, l.position desc for no key update of i`,
    [subscriptionId, tenantId, formatInstant(period.start), formatInstant(period.end)],
  );
}

export async function updateCredited(
  tx: Tx,
  row: Pick<InvoiceRow, "id" | "tenant_id" | "status" | "amount_due" | "amount_offset" | "credited" | "refunded" | "paid_at">,
): Promise<void> {
  await tx.query(
    `update invoices set status = $3, amount_due = $4, amount_offset = $5, credited = $6, refunded = $7, paid_at = $8,
       next_attempt_at = case when $3 = 'paid' then null else next_attempt_at end
     where id = $1 and tenant_id = $2`,
    [
      row.id,
      row.tenant_id,
      row.status,
      ...[row.amount_due, row.amount_offset, row.credited, row.refunded].map(String),
      row.paid_at === null ? null : formatInstant(row.paid_at),
    ],
  );
}

export async function findCreditNote(db: Database, id: string, tenantId: string): Promise<CreditNoteRow | null> {
  const rows = await db.query<CreditNoteRow>(`select ${NOTE} from credit_notes where id = $1 and tenant_id = $2`, [id, tenantId]);
  return rows[0] ?? null;
}

export async function listCreditNotes(db: Database, invoiceId: string, tenantId: string): Promise<CreditNoteRow[]> {
  return db.query<CreditNoteRow>(
    `select ${NOTE} from credit_notes where invoice_id = $1 and tenant_id = $2 order by credit_notes.id desc`,
    [invoiceId, tenantId],
  );
}

export async function readCreditLines(db: Database, noteIds: readonly string[], tenantId: string): Promise<Map<string, CreditLineRow[]>> {
  const rows = await db.query<CreditLineRow>(
    `select credit_note_id, line_id, description, amount, discount, taxes, tax, total from credit_note_lines
     where credit_note_id = any($1) and tenant_id = $2 order by credit_note_id, position`,
    [noteIds, tenantId],
  );
  return Map.groupBy(rows, (row) => row.credit_note_id);
}
