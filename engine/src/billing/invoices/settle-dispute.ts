/** What a dispute does to the invoice that was paid: lost, the money is owed again; won after that, it is there again (domain §8.5). */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { formatMinor } from "../money/currency.ts";
import type { DisputeStatus } from "../payments/dispute.ts";
import { findTaken, noteTaken } from "../payments/dispute-store.ts";
import { leftOfPayment } from "../payments/refund-store.ts";
import { updateDunning } from "./dunning-store.ts";
import { assertMove } from "./invoice.ts";
import { applyMoney } from "./settle.ts";
import { findInvoice, type InvoiceRow, updateSettlement } from "./store.ts";

interface Disputed {
  payment: string;
  dispute: string;
  invoice: string | null;
  status: DisputeStatus;
  currency: string;
  amount: bigint;
}

/** Reaction to `payment.disputed`; the payment is locked. An invoice of a processor stays what the processor says that it is. */
export async function settleDispute(tx: Tx, event: AppendedEvent): Promise<void> {
  const about = event.data as unknown as Disputed;
  if (event.tenantId === null || about.invoice === null || (about.status !== "lost" && about.status !== "won")) return;
  const invoice = await findInvoice(tx, about.invoice, event.tenantId, true);
  if (invoice?.processor !== "engine") return;
  const dispute = { id: about.dispute, tenant_id: invoice.tenant_id };
  if (about.status === "lost") return takeAway(tx, invoice, about, dispute);
  const taken = await findTaken(tx, dispute.id, dispute.tenant_id);
  if (taken === 0n) return;
  await noteTaken(tx, { ...dispute, taken: 0n });
  await applyMoney(tx, invoice, taken);
}

/**
 * Never more than the payment brought to this invoice and did not give back: what became balance stays there. A bank that reckons in
 * another currency takes the payment.
 */
async function takeAway(tx: Tx, invoice: InvoiceRow, about: Disputed, dispute: { id: string; tenant_id: string }): Promise<void> {
  const kept = invoice.amount_paid - invoice.refunded;
  const there = least(kept, await leftOfPayment(tx, about.payment, invoice.tenant_id));
  const taken = about.currency === invoice.currency ? least(about.amount, there) : there;
  if (taken <= 0n) return;
  const reopened = invoice.status === "paid";
  if (reopened) assertMove(invoice.status, "open");
  await noteTaken(tx, { ...dispute, taken });
  await updateSettlement(tx, {
    ...invoice,
    amount_paid: invoice.amount_paid - taken,
    amount_due: invoice.amount_due + taken,
    status: reopened ? "open" : invoice.status,
    paid_at: null,
  });
  if (reopened) await reopen(tx, { ...invoice, amount_due: invoice.amount_due + taken }, { ...about, taken, kept });
}

/** It failed as a collection does, but nobody's card is charged again for what they took back: they pay, or somebody asks them. */
async function reopen(tx: Tx, invoice: InvoiceRow, about: Disputed & { taken: bigint; kept: bigint }): Promise<void> {
  await updateDunning(tx, {
    id: invoice.id,
    tenant_id: invoice.tenant_id,
    failed_at: invoice.failed_at ?? tx.now,
    retries: invoice.retries,
    next_attempt_at: null,
    dunning_ended_at: tx.now,
  });
  tx.emit({
    type: "invoice.reopened",
    tenantId: invoice.tenant_id,
    subject: invoice.id,
    summary: `Of invoice ${invoice.number}, ${formatMinor(invoice.amount_due, invoice.currency)} is owed again: a dispute was lost.`,
    data: {
      invoice: invoice.id,
      number: invoice.number,
      subscription: invoice.subscription_id,
      currency: invoice.currency,
      amount_due: invoice.amount_due,
      total: invoice.total,
      payment: about.payment,
      dispute: about.dispute,
      taken: about.taken,
      // What there was of money for it, before.
      kept: about.kept,
      // Whether it is collected automatically, so that the debt is the subscription's.
      dunning: invoice.collection === "charge_automatically",
    },
  });
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
