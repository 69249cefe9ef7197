/** The steps of Stripe's invoices taken over: they end in the same rows, events and reactions as those of our own. */
import { randomBytes } from "node:crypto";
import { creditInvoice } from "../../billing/invoices/credit-invoice.ts";
import { getInvoice } from "../../billing/invoices/find-invoice.ts";
import type { DraftLine } from "../../billing/invoices/invoice.ts";
import { deleteDraft, type InvoiceRow, insertInvoices, insertLines, updateSettlement, updateState } from "../../billing/invoices/store.ts";
import { formatMinor } from "../../billing/money/currency.ts";
import { announceSuccess } from "../../billing/payments/record-outcome.ts";
import { recordRefund } from "../../billing/payments/record-refund.ts";
import { insertReceived, lastAttempts } from "../../billing/payments/store.ts";
import { openCredits } from "../../billing/subscriptions/open-credits.ts";
import type { SubscriptionRow } from "../../billing/subscriptions/store.ts";
import type { Tx } from "../../commit.ts";
import type { EventType } from "../../events/types.ts";
import { newId } from "../../ids.ts";
import type { KnownBill, SeenBill } from "./seen.ts";
import type { Step } from "./steps.ts";
import { insertFailed, noteLinks, refundsOfNote } from "./store.ts";

export interface BillContext {
  row: SubscriptionRow;
  known: KnownBill | undefined;
  lines: (bill: SeenBill) => DraftLine[];
}

export async function applyBillStep(tx: Tx, step: Extract<Step, { bill: SeenBill }>, about: BillContext): Promise<void> {
  const { bill } = step;
  if (step.kind === "invoice") return draft(tx, bill, about);
  const invoice = await getInvoice(tx, about.known!.id, about.row.tenant_id);
  if (step.kind === "finalize") return finalize(tx, bill, invoice, about);
  if (step.kind === "fail") await fail(tx, step, invoice);
  if (step.kind === "pay") await pay(tx, bill, invoice);
  if (step.kind === "void") await close(tx, invoice, "void");
  if (step.kind === "uncollectible") await close(tx, invoice, "uncollectible");
  if (step.kind === "credit")
    await creditInvoice(tx, { ...idsOf(invoice), totalMinor: step.amount, settle: "offset", reason: "Credited at Stripe" });
  if (step.kind === "refund") await refund(tx, step, invoice);
  await noteLinks(tx, {
    ...idsOf(invoice),
    id: invoice.id,
    hostedUrl: bill.hostedUrl,
    pdfUrl: bill.pdfUrl,
    nextAttemptAt: bill.nextAttemptAt,
  });
}

const idsOf = (invoice: InvoiceRow) => ({ invoiceId: invoice.id, tenantId: invoice.tenant_id });

async function draft(tx: Tx, bill: SeenBill, { row, lines }: BillContext): Promise<void> {
  const invoice: InvoiceRow = { ...rowOf(tx, bill, row), id: newId("invoice"), created_at: tx.now };
  await store(tx, invoice, lines(bill));
  announce(tx, invoice, "invoice.created", `Stripe made an invoice over ${formatMinor(invoice.total, invoice.currency)}.`);
}

/** Written anew under its own id: what a draft said is not what was issued. */
async function finalize(tx: Tx, bill: SeenBill, before: InvoiceRow, { row, lines }: BillContext): Promise<void> {
  await deleteDraft(tx, before);
  const fresh = rowOf(tx, bill, row);
  const due = bill.amountDue + bill.preCredited;
  const invoice: InvoiceRow = {
    ...fresh,
    id: before.id,
    created_at: before.created_at,
    status: "open",
    number: bill.number,
    amount_due: due > 0n ? due : 0n,
    amount_offset: bill.offset,
    issued_at: bill.finalizedAt,
    due_at: bill.dueAt ?? bill.finalizedAt,
  };
  await store(tx, invoice, lines(bill));
  announce(
    tx,
    invoice,
    "invoice.finalized",
    `Stripe issued invoice ${bill.number ?? bill.reference} over ${formatMinor(invoice.total, invoice.currency)}.`,
  );
  // The credits of the period that it opens wait for its payment.
  if (bill.ahead === null) return;
  const opened = { ...row, current_period_start: bill.ahead.start, current_period_end: bill.ahead.end };
  await openCredits(tx, [{ row: opened, invoice }]);
}

async function store(tx: Tx, invoice: InvoiceRow, lines: readonly DraftLine[]): Promise<void> {
  await insertLines(
    tx,
    // Which price and period were billed is Stripe's to know: its lines take no part in what keeps ours from being billed twice.
    lines.map((line, position) => ({ invoice: { ...invoice, subscription_id: null }, line, position })),
  );
  await insertInvoices(tx, [invoice]);
}

function rowOf(tx: Tx, bill: SeenBill, row: SubscriptionRow): InvoiceRow {
  const period = bill.ahead ?? bill.period;
  return {
    id: "",
    tenant_id: row.tenant_id,
    test_clock_id: row.test_clock_id,
    subscription_id: row.id,
    reason: bill.reason,
    status: "draft",
    number: null,
    currency: bill.currency,
    period_start: period.start,
    period_end: period.end,
    subtotal: bill.subtotal,
    discount: bill.discount,
    tax: bill.tax,
    tax_included: bill.taxIncluded,
    total: bill.total,
    balance_applied: 0n,
    amount_paid: 0n,
    amount_due: bill.total > 0n ? bill.total : 0n,
    amount_offset: 0n,
    collection: bill.collection,
    gateway: "stripe",
    issued_at: null,
    due_at: null,
    paid_at: null,
    voided_at: null,
    processor: "stripe",
    processor_invoice_id: bill.reference,
    processor_hosted_url: bill.hostedUrl,
    processor_pdf_url: bill.pdfUrl,
    tax_status: bill.tax > 0n ? "taxed" : "none",
    place_of_supply: null,
    bill_to: null,
    hosted_token: randomBytes(24).toString("base64url"),
    failed_at: null,
    retries: 0,
    next_attempt_at: null,
    dunning_ended_at: null,
    credited: 0n,
    refunded: 0n,
    created_at: tx.now,
  };
}

async function fail(tx: Tx, { attempt }: Extract<Step, { kind: "fail" }>, invoice: InvoiceRow): Promise<void> {
  const id = newId("payment");
  const code = attempt.code ?? "failed";
  const reason = attempt.reason ?? "The payment failed.";
  await insertFailed(tx, {
    ...idsOf(invoice),
    id,
    currency: attempt.currency,
    amount: attempt.amount,
    reference: attempt.reference,
    code,
    reason,
    attempt: await nextAttemptOf(tx, invoice),
    testClockId: invoice.test_clock_id,
  });
  tx.emit({
    type: "payment.failed",
    tenantId: invoice.tenant_id,
    subject: id,
    summary: `A payment of ${formatMinor(attempt.amount, attempt.currency)} failed: ${reason}`,
    data: {
      payment: id,
      invoice: invoice.id,
      gateway: "stripe",
      currency: attempt.currency,
      amount: attempt.amount,
      code,
      reason,
      failed_at: attempt.at,
    },
  });
}

/** What Stripe collected by charges; what it was told of, and what its balance covered, in one sum beside them. */
async function pay(tx: Tx, bill: SeenBill, invoice: InvoiceRow): Promise<void> {
  let left = invoice.amount_due;
  if (left === 0n) return settleEmpty(tx, invoice);
  const charged = bill.attempts.filter((attempt) => attempt.outcome === "succeeded" && attempt.currency === invoice.currency);
  const parts = charged.map(({ reference, amount }) => ({ reference, amount }));
  const sum = parts.reduce((all, part) => all + part.amount, 0n);
  if (sum < left) parts.push({ reference: bill.reference, amount: left - sum });
  for (const part of parts) {
    const payment = {
      id: newId("payment"),
      tenant_id: invoice.tenant_id,
      invoice_id: invoice.id,
      gateway: "stripe",
      currency: invoice.currency,
      amount: part.amount,
      gateway_reference: part.reference,
      attempt: await nextAttemptOf(tx, invoice),
      test_clock_id: invoice.test_clock_id,
    };
    await insertReceived(tx, payment);
    announceSuccess(tx, payment, part.amount);
    left -= part.amount;
  }
}

async function settleEmpty(tx: Tx, invoice: InvoiceRow): Promise<void> {
  await updateSettlement(tx, { ...invoice, status: "paid", paid_at: tx.now });
  announce(tx, { ...invoice, status: "paid" }, "invoice.paid", `Invoice ${invoice.number} has nothing left to pay.`);
}

async function close(tx: Tx, invoice: InvoiceRow, to: "void" | "uncollectible"): Promise<void> {
  const voided = to === "void";
  const next = {
    ...invoice,
    status: to,
    amount_due: voided ? 0n : invoice.amount_due,
    next_attempt_at: null,
    voided_at: voided ? tx.now : null,
  };
  await updateState(tx, next);
  const name = invoice.number ?? "draft";
  if (voided) announce(tx, invoice, "invoice.voided", `Invoice ${name} was voided at Stripe.`);
  else
    announce(
      tx,
      invoice,
      "invoice.marked_uncollectible",
      `Of invoice ${name}, ${formatMinor(invoice.amount_due, invoice.currency)} will not be collected.`,
    );
}

/** Given back at Stripe: a credit note says of what, and its refund is there already. */
async function refund(tx: Tx, { refund: seen }: Extract<Step, { kind: "refund" }>, invoice: InvoiceRow): Promise<void> {
  const note = await creditInvoice(tx, {
    ...idsOf(invoice),
    totalMinor: seen.amount,
    settle: "refund",
    moneyOnly: true,
    reason: "Refunded at Stripe",
  });
  for (const { id } of await refundsOfNote(tx, note.id, invoice.tenant_id)) {
    await recordRefund(tx, { refundId: id, tenantId: invoice.tenant_id, outcome: { status: "succeeded", reference: seen.reference } });
  }
}

async function nextAttemptOf(tx: Tx, invoice: InvoiceRow): Promise<number> {
  const attempts = await lastAttempts(tx, [invoice]);
  return (attempts.get(invoice.id) ?? 0) + 1;
}

function announce(tx: Tx, invoice: InvoiceRow, type: EventType, summary: string): void {
  tx.emit({
    type,
    tenantId: invoice.tenant_id,
    subject: invoice.id,
    summary,
    data: {
      invoice: invoice.id,
      number: invoice.number,
      subscription: invoice.subscription_id,
      processor: "stripe",
      processor_invoice_id: invoice.processor_invoice_id,
      currency: invoice.currency,
      total: invoice.total,
      amount_due: invoice.amount_due,
      ...(invoice.failed_at === null ? {} : { failed: true }),
    },
  });
}
