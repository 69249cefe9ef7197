/** SQL of refunds. */
import type { Tx } from "../../commit.ts";
import { type Database, onPlatform, onPool, type Pool } from "../../db/pool.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { RefundStatus } from "./refund.ts";

export interface RefundRow {
  id: string;
  tenant_id: string;
  payment_id: string;
  invoice_id: string | null;
  credit_note_id: string | null;
  gateway: string;
  currency: string;
  amount: bigint;
  status: RefundStatus;
  gateway_reference: string | null;
  code: string | null;
  reason: string | null;
  test_clock_id: string | null;
  requested_at: Instant;
  sent_at: Instant | null;
  settled_at: Instant | null;
  /** Of one that was made at the gateway over more than its invoice had left: what came from the balance. */
  from_balance: bigint;
}

const REFUND = `id, tenant_id, payment_id, invoice_id, credit_note_id, gateway, currency, amount, status, gateway_reference, code, reason, test_clock_id,
  requested_at, sent_at, settled_at, from_balance`;

/** What of a payment could still be given back: what came, less what went back, is on its way back, or a lost dispute took. */
const LEFT = `p.amount_received - coalesce((select sum(r.amount) from refunds r
       where r.payment_id = p.id and r.tenant_id = p.tenant_id and r.status <> 'failed'), 0)
     - coalesce((select sum(d.taken) from payment_disputes d where d.payment_id = p.id and d.tenant_id = p.tenant_id), 0)`;

/** Payments of an invoice with what could still be given back of each; locked, so that two refunds do not take the same money. */
export async function refundablePayments(
  tx: Tx,
  invoiceId: string,
  tenantId: string,
): Promise<{ id: string; gateway: string; refundable: string }[]> {
  await tx.query(
    "select id from payments where invoice_id = $1 and tenant_id = $2 and status = 'succeeded' order by id for no key update",
    [invoiceId, tenantId],
  );
  return tx.query(
    `select p.id, p.gateway, (${LEFT})::text as refundable
     from payments p where p.invoice_id = $1 and p.tenant_id = $2 and p.status = 'succeeded' order by p.settled_at desc, p.id desc`,
    [invoiceId, tenantId],
  );
}

/** Of one payment, which is locked. */
export async function leftOfPayment(tx: Tx, paymentId: string, tenantId: string): Promise<bigint> {
  const [row] = await tx.query<{ refundable: string }>(
    `select (${LEFT})::text as refundable from payments p where p.id = $1 and p.tenant_id = $2`,
    [paymentId, tenantId],
  );
  return BigInt(row?.refundable ?? 0);
}

/** Of one payment, which is locked. */
export async function refundsOfPayment(tx: Tx, paymentId: string, tenantId: string): Promise<RefundRow[]> {
  return tx.query<RefundRow>(`select ${REFUND} from refunds where payment_id = $1 and tenant_id = $2 order by refunds.id`, [
    paymentId,
    tenantId,
  ]);
}

export async function insertRefunds(tx: Tx, rows: readonly RefundRow[]): Promise<void> {
  await tx.copy(
    "refunds",
    [
      "id",
      "tenant_id",
      "payment_id",
      "invoice_id",
      "credit_note_id",
      "gateway",
      "currency",
      "amount",
      "status",
      "gateway_reference",
      "test_clock_id",
      "requested_at",
      "sent_at",
      "from_balance",
    ],
    rows.map((row) => [
      row.id,
      row.tenant_id,
      row.payment_id,
      row.invoice_id,
      row.credit_note_id,
      row.gateway,
      row.currency,
      row.amount,
      row.status,
      row.gateway_reference,
      row.test_clock_id,
      formatInstant(row.requested_at),
      row.sent_at === null ? null : formatInstant(row.sent_at),
      row.from_balance,
    ]),
  );
}

/** Takes refunds that nobody works on; free again after the lease, should this process die. */
export async function claimRefunds(
  pool: Pool,
  filter: { testClockId: string | null; creditNoteId: string | null },
  leaseSeconds: number,
  limit: number,
): Promise<RefundRow[]> {
  return onPool(pool).query<RefundRow>(
    `/* all tenants: the worker refunds for everybody */
     update refunds set claimed_until = clock_timestamp() + make_interval(secs => $3)
     where id in (select id from refunds
                  where status in ('requested', 'unknown', 'pending') and gateway <> 'manual' and ($1::text is null or test_clock_id = $1) and ($2::text is null or credit_note_id = $2)
                    and (claimed_until is null or claimed_until < clock_timestamp())
                  order by requested_at, refunds.id limit $4 for update skip locked)
     returning ${REFUND}`,
    [filter.testClockId, filter.creditNoteId, leaseSeconds, limit],
  );
}

export async function markRefundSent(pool: Pool, row: RefundRow, at: Instant): Promise<void> {
  await onPool(pool).query("update refunds set sent_at = coalesce(sent_at, $3) where id = $1 and tenant_id = $2", [
    row.id,
    row.tenant_id,
    formatInstant(at),
  ]);
}

export async function lockRefund(tx: Tx, id: string, tenantId: string): Promise<RefundRow | null> {
  const rows = await tx.query<RefundRow>(`select ${REFUND} from refunds where id = $1 and tenant_id = $2 for no key update`, [
    id,
    tenantId,
  ]);
  return rows[0] ?? null;
}

/** `tenantId` null: whoever it is of, for the operator. */
export async function findRefund(db: Database, id: string, tenantId: string | null): Promise<RefundRow | null> {
  const rows = await db.query<RefundRow>(`select ${REFUND} from refunds where id = $1 and ($2::text is null or tenant_id = $2)`, [
    id,
    tenantId,
  ]);
  return rows[0] ?? null;
}

/** Whosever it is: a gateway knows no tenants. */
export async function locateRefund(pool: Pool, id: string, gateway: string): Promise<RefundRow | null> {
  const rows = await onPlatform(pool).query<RefundRow>(
    `/* all tenants: what a gateway tells is looked up by its id */ select ${REFUND} from refunds where id = $1 and gateway = $2`,
    [id, gateway],
  );
  return rows[0] ?? null;
}

export async function updateRefund(tx: Tx, row: RefundRow): Promise<void> {
  await tx.query(
    `update refunds set status = $3, gateway_reference = $4, code = $5, reason = $6, settled_at = $7,
       claimed_until = case when $3 in ('unknown', 'pending') then clock_timestamp() + interval '30 seconds' end
     where id = $1 and tenant_id = $2`,
    [
      row.id,
      row.tenant_id,
      row.status,
      row.gateway_reference,
      row.code,
      row.reason,
      row.settled_at === null ? null : formatInstant(row.settled_at),
    ],
  );
}

export async function listRefunds(db: Database, creditNoteIds: readonly string[], tenantId: string): Promise<RefundRow[]> {
  return db.query<RefundRow>(`select ${REFUND} from refunds where credit_note_id = any($1) and tenant_id = $2 order by refunds.id`, [
    creditNoteIds,
    tenantId,
  ]);
}
