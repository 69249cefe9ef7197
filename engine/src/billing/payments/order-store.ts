/** SQL of orders, and of the payments that came on them. */
import type { Tx } from "../../commit.ts";
import { type Database, onPlatform, onPool, type Pool } from "../../db/pool.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { OrderStatus } from "./order.ts";
import type { PaymentRow } from "./store.ts";

export interface OrderRow {
  id: string;
  tenant_id: string;
  test_clock_id: string | null;
  invoice_id: string;
  invoice_number: string | null;
  gateway: string;
  receipt: string;
  status: OrderStatus;
  currency: string;
  amount: bigint;
  gateway_reference: string | null;
  code: string | null;
  reason: string | null;
  sent_at: Instant | null;
  asked: number;
  created_at: Instant;
}

const ORDER = `id, tenant_id, test_clock_id, invoice_id, invoice_number, gateway, receipt, status, currency, amount, gateway_reference, code, reason, sent_at,
  asked, created_at`;

export type NewOrder = Pick<
  OrderRow,
  "id" | "tenant_id" | "test_clock_id" | "invoice_id" | "invoice_number" | "gateway" | "receipt" | "currency" | "amount"
>;

export async function insertOrder(tx: Tx, row: NewOrder, createdAt: Instant): Promise<void> {
  await tx.query(
    `insert into payment_orders (id, tenant_id, test_clock_id, invoice_id, invoice_number, gateway, receipt, status, currency, amount, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, 'requested', $8, $9, $10)`,
    [
      row.id,
      row.tenant_id,
      row.test_clock_id,
      row.invoice_id,
      row.invoice_number,
      row.gateway,
      row.receipt,
      row.currency,
      row.amount.toString(),
      formatInstant(createdAt),
    ],
  );
}

/** All of an invoice at a gateway, the latest first. */
export async function ordersOf(tx: Tx, invoiceId: string, tenantId: string, gateway: string): Promise<OrderRow[]> {
  return tx.query<OrderRow>(
    `select ${ORDER} from payment_orders where invoice_id = $1 and tenant_id = $2 and gateway = $3 order by payment_orders.created_at desc, payment_orders.id desc`,
    [invoiceId, tenantId, gateway],
  );
}

export async function findOrder(db: Database, id: string, tenantId: string, lock = false): Promise<OrderRow | null> {
  const rows = await db.query<OrderRow>(
    `select ${ORDER} from payment_orders where id = $1 and tenant_id = $2${lock ? " for no key update" : ""}`,
    [id, tenantId],
  );
  return rows[0] ?? null;
}

/** Whosever it is: a gateway knows no tenants. */
export async function locateOrder(
  pool: Pool,
  gateway: string,
  by: "gateway_reference" | "receipt",
  value: string,
): Promise<OrderRow | null> {
  const rows = await onPlatform(pool).query<OrderRow>(
    `/* all tenants: what a gateway tells is looked up by its own name */
     select ${ORDER} from payment_orders where gateway = $1 and ${by} = $2`,
    [gateway, value],
  );
  return rows[0] ?? null;
}

/** Takes an order that is to be opened. null: somebody else does it, or it is open. */
export async function claimOrder(pool: Pool, id: string, tenantId: string, now: Instant, until: Instant): Promise<OrderRow | null> {
  const rows = await onPool(pool).query<OrderRow>(
    `update payment_orders set claimed_until = $4
     where id = $1 and tenant_id = $2 and status = 'requested' and (claimed_until is null or claimed_until < $3) returning ${ORDER}`,
    [id, tenantId, formatInstant(now), formatInstant(until)],
  );
  return rows[0] ?? null;
}

export async function markOrderSent(pool: Pool, row: OrderRow, at: Instant, askAt: Instant): Promise<void> {
  await onPool(pool).query("update payment_orders set sent_at = $3, ask_at = coalesce(ask_at, $4) where id = $1 and tenant_id = $2", [
    row.id,
    row.tenant_id,
    formatInstant(at),
    formatInstant(askAt),
  ]);
}

export async function releaseOrder(pool: Pool, row: OrderRow): Promise<void> {
  await onPool(pool).query("update payment_orders set claimed_until = null where id = $1 and tenant_id = $2", [row.id, row.tenant_id]);
}

export async function updateOrder(tx: Tx, row: OrderRow): Promise<void> {
  await tx.query(
    `update payment_orders set status = $3, gateway_reference = $4, code = $5, reason = $6, claimed_until = null,
       ask_at = case when $3 in ('paid', 'failed') then null else ask_at end
     where id = $1 and tenant_id = $2`,
    [row.id, row.tenant_id, row.status, row.gateway_reference, row.code, row.reason],
  );
}

/** Takes orders that are to be asked about and puts each off, so that no other worker asks too. */
export async function claimAskedOrders(pool: Pool, now: Instant, limit: number): Promise<OrderRow[]> {
  return onPlatform(pool).query<OrderRow>(
    `/* all tenants: the worker asks for everybody */
     update payment_orders set asked = least(asked + 1, 1000), ask_at = $1::timestamptz + least(interval '1 minute' * (2 ^ least(asked + 1, 10))::int, interval '1 hour')
     where id in (select id from payment_orders where ask_at <= $1 order by ask_at, payment_orders.id limit $2 for update skip locked)
     returning ${ORDER}`,
    [formatInstant(now), limit],
  );
}

export async function stopAsking(pool: Pool, row: OrderRow): Promise<void> {
  await onPool(pool).query("update payment_orders set ask_at = null where id = $1 and tenant_id = $2", [row.id, row.tenant_id]);
}

/** The payment of an order by the gateway's name of it; locked. */
export async function lockOrderPayment(
  tx: Tx,
  gateway: string,
  reference: string,
  tenantId: string,
): Promise<Pick<PaymentRow, "id"> | null> {
  const rows = await tx.query<Pick<PaymentRow, "id">>(
    "select id from payments where gateway = $1 and gateway_reference = $2 and tenant_id = $3 and order_id is not null for no key update",
    [gateway, reference, tenantId],
  );
  return rows[0] ?? null;
}

export async function insertOrderPayment(tx: Tx, order: OrderRow, row: { id: string; reference: string; attempt: number }): Promise<void> {
  await tx.query(
    `insert into payments (id, tenant_id, invoice_id, gateway, currency, amount, status, gateway_reference, attempt, test_clock_id, requested_at, sent_at, order_id)
     values ($1, $2, $3, $4, $5, $6, 'requested', $7, $8, $9, $10, $10, $11)`,
    [
      row.id,
      order.tenant_id,
      order.invoice_id,
      order.gateway,
      order.currency,
      order.amount.toString(),
      row.reference,
      row.attempt,
      order.test_clock_id,
      formatInstant(tx.now),
      order.id,
    ],
  );
}
