/** What a payment does to its invoice: the one place, whoever reports it, once, never backwards (domain §8.2). */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { formatMinor } from "../money/currency.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import { insertBalanceEntries } from "./balance.ts";
import { updateCredited } from "./credit-store.ts";
import { nextAttempt } from "./dunning.ts";
import { updateDunning } from "./dunning-store.ts";
import { assertMove } from "./invoice.ts";
import { findInvoice, type InvoiceRow, updateSettlement } from "./store.ts";

/** Reaction to `payment.succeeded`. */
export async function settleInvoice(tx: Tx, event: AppendedEvent): Promise<void> {
  const { invoice: invoiceId, amount: received } = event.data as { invoice?: string; amount: bigint };
  if (!invoiceId || event.tenantId === null) return;
  const invoice = await findInvoice(tx, invoiceId, event.tenantId, true);
  if (!invoice) throw new Error(`payment for the unknown invoice ${invoiceId}`);
  await applyMoney(tx, invoice, received);
}

/** Less than what is due is a partial payment, more becomes tenant balance. The invoice is locked. */
export async function applyMoney(tx: Tx, invoice: InvoiceRow, received: bigint): Promise<void> {
  const applied = received < invoice.amount_due ? received : invoice.amount_due;
  const over = received - applied;
  const due = invoice.amount_due - applied;
  const paid = due === 0n && invoice.status !== "paid" && invoice.status !== "void";
  if (paid) assertMove(invoice.status, "paid");
  await updateSettlement(tx, {
    ...invoice,
    amount_paid: invoice.amount_paid + applied,
    amount_due: due,
    status: paid ? "paid" : invoice.status,
    paid_at: paid ? tx.now : invoice.paid_at,
  });
  if (over > 0n) await insertBalanceEntries(tx, [{ invoice, kind: "overpaid", amount: over }]);
  if (!paid) return;
  tx.emit({
    type: "invoice.paid",
    tenantId: invoice.tenant_id,
    subject: invoice.id,
    summary: `Invoice ${invoice.number} over ${formatMinor(invoice.total, invoice.currency)} was paid.`,
    data: {
      invoice: invoice.id,
      number: invoice.number,
      subscription: invoice.subscription_id,
      currency: invoice.currency,
      total: invoice.total,
      ...(invoice.failed_at === null ? {} : { failed: true }),
    },
  });
}

/** Of a processor's invoice it is said when it failed. */
interface PaymentFailure {
  invoice?: string;
  order?: string;
  code: string;
  reason: string;
  failed_at?: Instant;
}

/**
 * Reaction to `payment.failed`: what is charged automatically is tried again on the days of the schedule. A failure while a retry
 * is still ahead (of a payment that somebody asked for) leaves the schedule as it is.
 */
export async function notePaymentFailure(tx: Tx, event: AppendedEvent): Promise<void> {
  const { invoice: invoiceId, order, code, reason, failed_at } = event.data as unknown as PaymentFailure;
  // A try on a gateway's page is the payer's, who can try again there: nothing that was collected has failed.
  if (!invoiceId || order !== undefined || event.tenantId === null) return;
  const invoice = await findInvoice(tx, invoiceId, event.tenantId, true);
  if (!invoice) return;
  const dunned = invoice.status === "open" && invoice.collection === "charge_automatically" && invoice.dunning_ended_at === null;
  const own = invoice.processor === "engine";
  const failedAt = invoice.failed_at ?? failed_at ?? tx.now;
  const next =
    own && dunned && invoice.next_attempt_at === null
      ? nextAttempt(tx.ctx.config.dunningRetryDays, failedAt, invoice.retries, tx.now)
      : null;
  // A processor retries by its own schedule, and says itself what becomes of the subscription.
  const nextAt = own ? (next?.at ?? invoice.next_attempt_at) : null;
  const last = own && dunned && nextAt === null;
  if (dunned) {
    await updateDunning(tx, {
      id: invoice.id,
      tenant_id: invoice.tenant_id,
      failed_at: failedAt,
      retries: next?.retries ?? invoice.retries,
      next_attempt_at: own ? nextAt : invoice.next_attempt_at,
      dunning_ended_at: last ? tx.now : null,
    });
  }
  tx.emit({
    type: "invoice.payment_failed",
    tenantId: invoice.tenant_id,
    subject: invoice.id,
    summary: `A payment of invoice ${invoice.number} failed: ${reason}`,
    data: {
      invoice: invoice.id,
      number: invoice.number,
      subscription: invoice.subscription_id,
      amount_due: invoice.amount_due,
      code,
      next_attempt_at: nextAt === null ? null : formatInstant(nextAt),
      // Whether it is collected automatically, so that its failure is the subscription's.
      dunning: dunned,
      last,
      ...(failed_at === undefined ? {} : { failed_at }),
    },
  });
}

interface FailedRefund {
  invoice: string | null;
  amount: bigint;
  credit_note: string | null;
  from_balance?: bigint;
}

/** Reaction to `payment.refund_failed`: money that could not be given back is the tenant's, as balance. */
export async function keepFailedRefund(tx: Tx, event: AppendedEvent): Promise<void> {
  const { invoice: invoiceId, amount, credit_note: note, from_balance: taken = 0n } = event.data as unknown as FailedRefund;
  if (invoiceId === null || event.tenantId === null) return;
  const invoice = await findInvoice(tx, invoiceId, event.tenantId, true);
  if (!invoice) throw new Error(`refund of the unknown invoice ${invoiceId}`);
  if (note === null) {
    // What went back beyond the invoice had come from the balance, as far as it did, and is there again.
    if (taken > 0n) await insertBalanceEntries(tx, [{ invoice, kind: "refunded", amount: taken }]);
    return;
  }
  await updateCredited(tx, { ...invoice, refunded: invoice.refunded - amount });
  await insertBalanceEntries(tx, [{ invoice, kind: "refund_failed", amount }]);
}
