/** SQL of one-off lines that wait for an invoice. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { decimal } from "../money/decimal.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { DraftLine } from "./invoice.ts";

export interface ItemRow {
  id: string;
  tenant_id: string;
  currency: string;
  description: string;
  quantity: string;
  unit_amount: string | null;
  amount: bigint;
  price_key: string | null;
  period_start: Instant;
  period_end: Instant;
  invoice_id: string | null;
  created_at: Instant;
}

const COLUMNS =
  "id, tenant_id, currency, description, quantity::text, unit_amount::text, amount, price_key, period_start, period_end, invoice_id, created_at";

export async function insertItem(tx: Tx, row: ItemRow): Promise<void> {
  await tx.query(
    `insert into invoice_items (id, tenant_id, currency, description, quantity, unit_amount, amount, price_key, period_start, period_end, invoice_id, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      row.id,
      row.tenant_id,
      row.currency,
      row.description,
      row.quantity,
      row.unit_amount,
      row.amount.toString(),
      row.price_key,
      formatInstant(row.period_start),
      formatInstant(row.period_end),
      row.invoice_id,
      formatInstant(row.created_at),
    ],
  );
}

/** Those that wait, oldest first; locked, so that two invoices cannot take the same one. */
export async function readWaiting(db: Database, tenantIds: readonly string[], lock: boolean): Promise<ItemRow[]> {
  return db.query<ItemRow>(
    `select ${COLUMNS} from invoice_items where tenant_id = any($1) and invoice_id is null order by invoice_items.id${lock ? " for no key update" : ""}`,
    [tenantIds],
  );
}

export async function takeItems(tx: Tx, items: readonly { id: string; tenantId: string; invoiceId: string }[]): Promise<void> {
  if (items.length === 0) return;
  await tx.query(
    `update invoice_items i set invoice_id = row.invoice_id from unnest($1::text[], $2::text[], $3::text[]) as row (id, tenant_id, invoice_id)
     where i.id = row.id and i.tenant_id = row.tenant_id`,
    [items.map((item) => item.id), items.map((item) => item.tenantId), items.map((item) => item.invoiceId)],
  );
}

export async function listItems(db: Database, tenantId: string): Promise<ItemRow[]> {
  return db.query<ItemRow>(
    `select ${COLUMNS} from invoice_items where tenant_id = $1 and invoice_id is null order by invoice_items.id desc`,
    [tenantId],
  );
}

export async function deleteWaiting(tx: Tx, id: string, tenantId: string): Promise<boolean> {
  const rows = await tx.query("delete from invoice_items where id = $1 and tenant_id = $2 and invoice_id is null returning id", [
    id,
    tenantId,
  ]);
  return rows.length > 0;
}

export function lineOfItem(row: ItemRow): DraftLine {
  return {
    kind: "item",
    planKey: null,
    planVersion: null,
    priceKey: row.price_key,
    meterKey: null,
    groupKey: null,
    description: row.description,
    quantity: decimal(row.quantity),
    unitAmount: row.unit_amount === null ? null : decimal(row.unit_amount),
    amount: row.amount,
    period: { start: row.period_start, end: row.period_end },
    proration: false,
    round: 0,
    explain: {},
    itemId: row.id,
  };
}
