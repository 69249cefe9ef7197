/** SQL of packs of credits that were sold. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { PurchaseOrigin } from "./purchase.ts";

export interface PurchaseRow {
  id: string;
  tenant_id: string;
  invoice_id: string;
  product_key: string;
  quantity: number;
  credits: string;
  priority: number | null;
  origin: PurchaseOrigin;
  checkout_id: string | null;
  status: "open" | "granted" | "canceled";
  total: bigint;
  credited: bigint;
  grant_id: string | null;
  granted: string;
  revoked: string;
  taken_back: string;
  created_at: Instant;
  granted_at: Instant | null;
}

const PURCHASE = `id, tenant_id, invoice_id, product_key, quantity, credits::text, priority, origin, checkout_id, status, total, credited, grant_id, granted::text,
  revoked::text, taken_back::text, created_at, granted_at`;

export async function insertPurchase(tx: Tx, row: PurchaseRow): Promise<void> {
  await tx.query(
    `insert into credit_purchases (id, tenant_id, invoice_id, product_key, quantity, credits, origin, checkout_id, status, total, created_at, priority)
     values ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10, $11)`,
    [
      row.id,
      row.tenant_id,
      row.invoice_id,
      row.product_key,
      row.quantity,
      row.credits,
      row.origin,
      row.checkout_id,
      row.total.toString(),
      formatInstant(row.created_at),
      row.priority,
    ],
  );
}

export async function findPurchase(db: Database, tenantId: string, id: string): Promise<PurchaseRow | null> {
  const rows = await db.query<PurchaseRow>(`select ${PURCHASE} from credit_purchases where tenant_id = $1 and id = $2`, [tenantId, id]);
  return rows[0] ?? null;
}

/** Of an invoice that sold credits; null: it sold something else. */
export async function lockPurchaseOf(tx: Tx, invoiceId: string, tenantId: string): Promise<PurchaseRow | null> {
  const rows = await tx.query<PurchaseRow>(
    `select ${PURCHASE} from credit_purchases where invoice_id = $1 and tenant_id = $2 for no key update`,
    [invoiceId, tenantId],
  );
  return rows[0] ?? null;
}

export async function updatePurchase(tx: Tx, row: PurchaseRow): Promise<void> {
  await tx.query(
    `update credit_purchases set status = $3, credited = $4, grant_id = $5, granted = $6, revoked = $7, taken_back = $8, granted_at = $9
     where id = $1 and tenant_id = $2`,
    [
      row.id,
      row.tenant_id,
      row.status,
      row.credited.toString(),
      row.grant_id,
      row.granted,
      row.revoked,
      row.taken_back,
      row.granted_at === null ? null : formatInstant(row.granted_at),
    ],
  );
}

export async function listPurchases(db: Database, tenantId: string, before: string[] | null, limit: number): Promise<PurchaseRow[]> {
  return db.query<PurchaseRow>(
    `select ${PURCHASE} from credit_purchases where tenant_id = $1 and ($2::timestamptz is null or (created_at, id) < ($2, $3))
     order by created_at desc, id desc limit $4`,
    [tenantId, before?.[0] ?? null, before?.[1] ?? null, limit],
  );
}
