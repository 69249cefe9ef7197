/** SQL of payments and payment methods. */
import type { Tx } from "../../commit.ts";
import { type Database, type Pool, run } from "../../db/pool.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { DisputeStatus } from "./dispute.ts";
import type { PaymentStatus } from "./payment.ts";
import type { PaymentRequest } from "./request-payments.ts";

export interface PaymentRow {
  id: string;
  tenant_id: string;
  invoice_id: string | null;
  gateway: string;
  payment_method_id: string | null;
  currency: string;
  amount: bigint;
  amount_received: bigint;
  status: PaymentStatus;
  gateway_reference: string | null;
  code: string | null;
  reason: string | null;
  attempt: number;
  test_clock_id: string | null;
  requested_at: Instant;
  sent_at: Instant | null;
  settled_at: Instant | null;
  /** Of what somebody paid on a gateway's page by an order; null: the engine charges. */
  order_id: string | null;
  /** Where a person confirms what the bank asks; null: nowhere that the gateway tells of. */
  action_url: string | null;
  asked: number;
  /** Where the payer's bank takes it back, or means to: how that stands. */
  dispute: DisputeStatus | null;
}

export const PAYMENT = `id, tenant_id, invoice_id, gateway, payment_method_id, currency, amount, amount_received, status, gateway_reference, code, reason,
  attempt, test_clock_id, requested_at, sent_at, settled_at, order_id, action_url, asked, dispute`;

const REQUEST_COLUMNS = [
  "id",
  "tenant_id",
  "invoice_id",
  "gateway",
  "currency",
  "amount",
  "attempt",
  "test_clock_id",
  "payment_method_id",
  "status",
  "requested_at",
];

export async function insertPayments(tx: Tx, payments: readonly (PaymentRequest & { id: string })[]): Promise<void> {
  await tx.copy(
    "payments",
    REQUEST_COLUMNS,
    payments.map((payment) => [
      payment.id,
      payment.tenantId,
      payment.invoiceId,
      payment.gateway,
      payment.currency,
      payment.amountMinor,
      payment.attempt,
      payment.testClockId,
      payment.methodId ?? null,
      "requested",
      formatInstant(tx.now),
    ]),
  );
}

/** Money that is there already: it was never asked for, and no gateway hears of it. */
export async function insertReceived(
  tx: Tx,
  row: Pick<
    PaymentRow,
    "id" | "tenant_id" | "invoice_id" | "gateway" | "currency" | "amount" | "gateway_reference" | "attempt" | "test_clock_id"
  >,
): Promise<void> {
  await tx.query(
    `insert into payments (id, tenant_id, invoice_id, gateway, currency, amount, amount_received, status, gateway_reference, attempt, test_clock_id,
       requested_at, settled_at)
     values ($1, $2, $3, $4, $5, $6, $6, 'succeeded', $7, $8, $9, $10, $10)`,
    [
      row.id,
      row.tenant_id,
      row.invoice_id,
      row.gateway,
      row.currency,
      row.amount.toString(),
      row.gateway_reference,
      row.attempt,
      row.test_clock_id,
      formatInstant(tx.now),
    ],
  );
}

/** Takes attempts that nobody works on; they are free again after the lease, should this process die. */
export async function claimPayments(pool: Pool, testClockId: string | null, leaseSeconds: number, limit: number): Promise<PaymentRow[]> {
  return run<PaymentRow>(
    pool,
    `/* all tenants: the worker collects for everybody */
     update payments p set claimed_until = clock_timestamp() + make_interval(secs => $2)
     where id in (select id from payments
                  where status in ('requested', 'unknown') and order_id is null and ($1::text is null or test_clock_id = $1)
                    and (claimed_until is null or claimed_until < clock_timestamp())
                  order by requested_at, id limit $3 for update skip locked)
     returning ${PAYMENT}`,
    [testClockId, leaseSeconds, limit],
  );
}

/** Takes attempts on their way that are to be asked about, and puts each off, so that no other worker asks too. */
export async function claimAsks(pool: Pool, now: Instant, limit: number): Promise<PaymentRow[]> {
  return run<PaymentRow>(
    pool,
    `/* all tenants: the worker asks for everybody */
     update payments set asked = asked + 1, ask_at = $1::timestamptz + least(interval '1 minute' * (2 ^ least(asked + 1, 10))::int, interval '1 hour')
     where id in (select id from payments where ask_at <= $1 order by ask_at, payments.id limit $2 for update skip locked)
     returning ${PAYMENT}`,
    [formatInstant(now), limit],
  );
}

/** By the gateway's own name of it, or by ours, for webhooks. */
export async function locatePayment(pool: Pool, gateway: string, by: { id: string | null; reference: string }): Promise<PaymentRow | null> {
  const rows = await run<PaymentRow>(
    pool,
    `/* all tenants: whose it is is asked */
     select ${PAYMENT} from payments where gateway = $1 and (id = $2 or ($2::text is null and gateway_reference = $3)) limit 1`,
    [gateway, by.id, by.reference],
  );
  return rows[0] ?? null;
}

/** The gateway knows of it already. */
export async function noteSent(tx: Tx, row: { id: string; tenantId: string; at: Instant }): Promise<void> {
  await tx.query("update payments set sent_at = $3 where id = $1 and tenant_id = $2", [row.id, row.tenantId, formatInstant(row.at)]);
}

/** How many attempts under this test clock somebody else still works on. */
export async function countUnderway(pool: Pool, testClockId: string): Promise<number> {
  const [row] = await run<{ n: number }>(
    pool,
    `/* all tenants: of one test clock */
     select count(*)::int as n from payments where test_clock_id = $1 and status = 'requested'`,
    [testClockId],
  );
  return row!.n;
}

/** False where the attempt was withdrawn in the meantime: then the gateway must not be called. */
export async function markSent(pool: Pool, row: PaymentRow, methodId: string | null, at: Instant): Promise<boolean> {
  const rows = await run(
    pool,
    `update payments set sent_at = coalesce(sent_at, $3), payment_method_id = $4
     where id = $1 and tenant_id = $2 and status in ('requested', 'unknown') returning id`,
    [row.id, row.tenant_id, formatInstant(at), methodId],
  );
  return rows.length > 0;
}

/** As `claimPayments`, of one attempt. null: somebody works on it, or its outcome is known. */
export async function claimPayment(pool: Pool, id: string, tenantId: string, leaseSeconds: number): Promise<PaymentRow | null> {
  const rows = await run<PaymentRow>(
    pool,
    `update payments set claimed_until = clock_timestamp() + make_interval(secs => $3)
     where id = $1 and tenant_id = $2 and status = 'requested' and (claimed_until is null or claimed_until < clock_timestamp()) returning ${PAYMENT}`,
    [id, tenantId, leaseSeconds],
  );
  return rows[0] ?? null;
}

export async function findPayment(db: Database, id: string, tenantId: string): Promise<PaymentRow | null> {
  const rows = await db.query<PaymentRow>(`select ${PAYMENT} from payments where id = $1 and tenant_id = $2`, [id, tenantId]);
  return rows[0] ?? null;
}

/** The attempt of an invoice that waits for the person. */
export async function findWaiting(db: Database, invoiceId: string, tenantId: string): Promise<PaymentRow | null> {
  const rows = await db.query<PaymentRow>(
    `select ${PAYMENT} from payments where invoice_id = $1 and tenant_id = $2 and status = 'requires_action' and order_id is null`,
    [invoiceId, tenantId],
  );
  return rows[0] ?? null;
}

/** The attempt of an invoice whose outcome is awaited; locked, so that it is not sent meanwhile. */
export async function lockInFlight(tx: Tx, invoiceId: string, tenantId: string): Promise<(PaymentRow & { untouched: boolean }) | null> {
  const rows = await tx.query<PaymentRow & { untouched: boolean }>(
    `select ${PAYMENT}, status = 'requested' and sent_at is null as untouched from payments
     where invoice_id = $1 and tenant_id = $2 and status in ('requested', 'pending', 'unknown', 'requires_action') and order_id is null for no key update`,
    [invoiceId, tenantId],
  );
  return rows[0] ?? null;
}

export async function updateMethod(tx: Tx, row: PaymentRow, methodId: string): Promise<void> {
  await tx.query("update payments set payment_method_id = $3 where id = $1 and tenant_id = $2", [row.id, row.tenant_id, methodId]);
}

/** An attempt that was never sent ends without having been one. */
export async function withdrawPayment(tx: Tx, row: PaymentRow, code: string, reason: string): Promise<void> {
  await tx.query("update payments set status = 'failed', code = $3, reason = $4, settled_at = $5 where id = $1 and tenant_id = $2", [
    row.id,
    row.tenant_id,
    code,
    reason,
    formatInstant(tx.now),
  ]);
}

/** The number of the last attempt, by invoice. */
export async function lastAttempts(db: Database, invoices: readonly { id: string; tenant_id: string }[]): Promise<Map<string, number>> {
  const rows = await db.query<{ invoice_id: string; last: number }>(
    "select invoice_id, max(attempt) as last from payments where invoice_id = any($1) and tenant_id = any($2) group by 1",
    [invoices.map((invoice) => invoice.id), [...new Set(invoices.map((invoice) => invoice.tenant_id))]],
  );
  return new Map(rows.map((row) => [row.invoice_id, row.last]));
}

export async function lockPayment(tx: Tx, id: string, tenantId: string): Promise<PaymentRow | null> {
  const rows = await tx.query<PaymentRow>(`select ${PAYMENT} from payments where id = $1 and tenant_id = $2 for no key update`, [
    id,
    tenantId,
  ]);
  return rows[0] ?? null;
}

export async function updateOutcome(
  tx: Tx,
  row: PaymentRow,
  outcome: {
    status: PaymentStatus;
    reference: string | null;
    received: bigint;
    code: string | null;
    reason: string | null;
    actionUrl: string | null;
    askAt: Instant | null;
    settledAt: Instant | null;
  },
): Promise<void> {
  await tx.query(
    `update payments set status = $3, gateway_reference = coalesce($4, gateway_reference), amount_received = $5, code = $6, reason = $7, settled_at = $8,
       action_url = $9, ask_at = $10,
       claimed_until = case when $3 = 'unknown' then clock_timestamp() + interval '30 seconds' end
     where id = $1 and tenant_id = $2`,
    [
      row.id,
      row.tenant_id,
      outcome.status,
      outcome.reference,
      outcome.received.toString(),
      outcome.code,
      outcome.reason,
      outcome.settledAt === null ? null : formatInstant(outcome.settledAt),
      outcome.actionUrl,
      outcome.askAt === null ? null : formatInstant(outcome.askAt),
    ],
  );
}

/** What is left of money that fits no invoice stands among them, as `unapplied`. */
export async function listPayments(
  db: Database,
  tenantId: string,
  before: string[] | null,
  limit: number,
): Promise<(Omit<PaymentRow, "status"> & { status: PaymentStatus | "unapplied" })[]> {
  return db.query(
    `(select ${PAYMENT} from payments where tenant_id = $1 and ($2::timestamptz is null or (requested_at, id) < ($2, $3))
      order by requested_at desc, id desc limit $4)
     union all
     (select id, tenant_id, null, 'manual', null, currency, amount_left, amount_left, 'unapplied', reference, null, note, 1, null, created_at, null, null, null, null, 0, null
      from receipts where tenant_id = $1 and invoice_id is null and amount_left > 0 and ($2::timestamptz is null or (created_at, id) < ($2, $3))
      order by created_at desc, id desc limit $4)
     order by requested_at desc, id desc limit $4`,
    [tenantId, before?.[0] ?? null, before?.[1] ?? null, limit],
  );
}
