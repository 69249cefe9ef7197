/** SQL of disputes. */
import type { Tx } from "../../commit.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { DisputeStatus } from "./dispute.ts";

export interface DisputeRow {
  id: string;
  tenant_id: string;
  payment_id: string;
  gateway: string;
  reference: string;
  status: DisputeStatus;
  reason: string | null;
  currency: string;
  amount: bigint;
  opened_at: Instant;
  closed_at: Instant | null;
  /** What it took off the invoice, which is owed again. */
  taken: bigint;
}

const DISPUTE = "id, tenant_id, payment_id, gateway, reference, status, reason, currency, amount, opened_at, closed_at, taken";

export async function lockDispute(tx: Tx, tenantId: string, gateway: string, reference: string): Promise<DisputeRow | null> {
  const rows = await tx.query<DisputeRow>(
    `select ${DISPUTE} from payment_disputes where tenant_id = $1 and gateway = $2 and reference = $3 for no key update`,
    [tenantId, gateway, reference],
  );
  return rows[0] ?? null;
}

export async function insertDispute(tx: Tx, row: Omit<DisputeRow, "taken">): Promise<void> {
  await tx.query(
    `insert into payment_disputes (id, tenant_id, payment_id, gateway, reference, status, reason, currency, amount, opened_at, closed_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      row.id,
      row.tenant_id,
      row.payment_id,
      row.gateway,
      row.reference,
      row.status,
      row.reason,
      row.currency,
      row.amount.toString(),
      formatInstant(row.opened_at),
      row.closed_at === null ? null : formatInstant(row.closed_at),
    ],
  );
}

export async function updateDispute(tx: Tx, row: Omit<DisputeRow, "taken">): Promise<void> {
  await tx.query("update payment_disputes set status = $3, reason = $4, amount = $5, closed_at = $6 where id = $1 and tenant_id = $2", [
    row.id,
    row.tenant_id,
    row.status,
    row.reason,
    row.amount.toString(),
    row.closed_at === null ? null : formatInstant(row.closed_at),
  ]);
}

/** The payment shows how its dispute stands. */
export async function noteDispute(tx: Tx, row: Pick<DisputeRow, "payment_id" | "tenant_id" | "status">): Promise<void> {
  await tx.query("update payments set dispute = $3 where id = $1 and tenant_id = $2", [row.payment_id, row.tenant_id, row.status]);
}

export async function noteTaken(tx: Tx, row: Pick<DisputeRow, "id" | "tenant_id" | "taken">): Promise<void> {
  await tx.query("update payment_disputes set taken = $3 where id = $1 and tenant_id = $2", [row.id, row.tenant_id, row.taken.toString()]);
}

export async function findTaken(tx: Tx, id: string, tenantId: string): Promise<bigint> {
  const [row] = await tx.query<{ taken: bigint }>("select taken from payment_disputes where id = $1 and tenant_id = $2", [id, tenantId]);
  return row?.taken ?? 0n;
}
