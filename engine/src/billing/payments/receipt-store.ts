/** SQL of receipts and of what became of them. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { ReceiptMethod, ReceiptUseKind } from "./receipt.ts";

export interface ReceiptRow {
  id: string;
  tenant_id: string;
  method: ReceiptMethod;
  reference: string;
  reference_key: string;
  currency: string;
  amount: bigint;
  amount_left: bigint;
  invoice_id: string | null;
  note: string | null;
  received_at: Instant;
  created_at: Instant;
}

export interface ReceiptUse {
  receipt_id: string;
  tenant_id: string;
  kind: ReceiptUseKind;
  amount: bigint;
  invoice_id: string | null;
  payment_id: string | null;
  note: string | null;
  created_at: Instant;
}

const RECEIPT = "id, tenant_id, method, reference, reference_key, currency, amount, amount_left, invoice_id, note, received_at, created_at";

/** False where the tenant has the reference already; waits for who is just writing it. */
export async function insertReceipt(tx: Tx, row: ReceiptRow): Promise<boolean> {
  const rows = await tx.query(
    `insert into receipts (${RECEIPT}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict (tenant_id, reference_key) do nothing returning id`,
    [
      row.id,
      row.tenant_id,
      row.method,
      row.reference,
      row.reference_key,
      row.currency,
      row.amount.toString(),
      row.amount_left.toString(),
      row.invoice_id,
      row.note,
      formatInstant(row.received_at),
      formatInstant(row.created_at),
    ],
  );
  return rows.length > 0;
}

export async function findByReference(tx: Tx, tenantId: string, key: string): Promise<ReceiptRow | null> {
  const rows = await tx.query<ReceiptRow>(`select ${RECEIPT} from receipts where tenant_id = $1 and reference_key = $2`, [tenantId, key]);
  return rows[0] ?? null;
}

/** `tenantId` null: whoever it is of, for the operator. */
export async function findReceipt(db: Database, id: string, tenantId: string | null, lock = false): Promise<ReceiptRow | null> {
  const rows = await db.query<ReceiptRow>(
    `select ${RECEIPT} from receipts where id = $1 and ($2::text is null or tenant_id = $2)${lock ? " for no key update" : ""}`,
    [id, tenantId],
  );
  return rows[0] ?? null;
}

/** Those that fitted no invoice when they came, newest first. */
export async function listUnapplied(
  db: Database,
  tenantId: string,
  filter: { open: boolean; before: string[] | null; limit: number },
): Promise<ReceiptRow[]> {
  return db.query<ReceiptRow>(
    `select ${RECEIPT} from receipts
     where tenant_id = $1 and invoice_id is null and (not $2 or amount_left > 0) and ($3::timestamptz is null or (created_at, id) < ($3, $4))
     order by created_at desc, id desc limit $5`,
    [tenantId, filter.open, filter.before?.[0] ?? null, filter.before?.[1] ?? null, filter.limit],
  );
}

/** By receipt, in the order they happened. */
export async function readUses(db: Database, tenantId: string, receiptIds: readonly string[]): Promise<Map<string, ReceiptUse[]>> {
  const rows = await db.query<ReceiptUse>(
    `select receipt_id, tenant_id, kind, amount, invoice_id, payment_id, note, created_at from receipt_uses
     where tenant_id = $1 and receipt_id = any($2) order by receipt_uses.id`,
    [tenantId, receiptIds],
  );
  return Map.groupBy(rows, (row) => row.receipt_id);
}

export async function insertUse(tx: Tx, use: ReceiptUse): Promise<void> {
  await tx.query(
    `insert into receipt_uses (receipt_id, tenant_id, kind, amount, invoice_id, payment_id, note, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      use.receipt_id,
      use.tenant_id,
      use.kind,
      use.amount.toString(),
      use.invoice_id,
      use.payment_id,
      use.note,
      formatInstant(use.created_at),
    ],
  );
}

export async function takeFromReceipt(tx: Tx, row: ReceiptRow, amount: bigint): Promise<void> {
  await tx.query("update receipts set amount_left = amount_left - $3 where id = $1 and tenant_id = $2", [
    row.id,
    row.tenant_id,
    amount.toString(),
  ]);
}

/** Notes are in people's words. */
export async function eraseNotes(tx: Tx, tenantId: string): Promise<void> {
  await tx.query("update receipts set note = null where tenant_id = $1 and note is not null", [tenantId]);
  await tx.query("update receipt_uses set note = null where tenant_id = $1 and note is not null", [tenantId]);
}
