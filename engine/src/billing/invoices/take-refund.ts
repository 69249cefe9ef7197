/**
 * Money that went back at the gateway without being asked for here, from its dashboard: it becomes a refund with its credit note, once.
 * More than the invoice has left comes off the tenant's balance, as far as that goes.
 */
import type { Tx } from "../../commit.ts";
import type { RefundOutcome } from "../payments/gateway.ts";
import { recordRefund } from "../payments/record-refund.ts";
import { insertRefunds, leftOfPayment, refundsOfPayment } from "../payments/refund-store.ts";
import { madeRefund, type RefundMade } from "../payments/request-refunds.ts";
import { findPayment, lockPayment, type PaymentRow } from "../payments/store.ts";
import { balancesOf, insertBalanceEntries } from "./balance.ts";
import { creditInvoice } from "./credit-invoice.ts";
import { getInvoice } from "./find-invoice.ts";
import type { InvoiceRow } from "./store.ts";

export interface RefundReport {
  paymentId: string;
  tenantId: string;
  amountMinor: bigint;
  currency: string;
  outcome: Exclude<RefundOutcome, { status: "unknown" }>;
}

export async function takeRefund(tx: Tx, input: RefundReport): Promise<void> {
  const { tenantId, outcome } = input;
  const found = await findPayment(tx, input.paymentId, tenantId);
  // The invoice is locked first, as by everything that writes attempts of it.
  const invoice = found?.invoice_id == null ? null : await getInvoice(tx, found.invoice_id, tenantId);
  const payment = await lockPayment(tx, input.paymentId, tenantId);
  if (!payment) throw new Error(`refund of the unknown payment ${input.paymentId}`);
  const ofPayment = await refundsOfPayment(tx, payment.id, tenantId);
  const known = ofPayment.filter((refund) => refund.gateway_reference === outcome.reference);
  for (const { id } of known) await recordRefund(tx, { refundId: id, tenantId, outcome });
  // One that failed before anybody heard of it gave nothing back.
  if (known.length > 0 || outcome.reference === null || outcome.status === "failed") return;
  if (input.currency !== payment.currency || input.amountMinor > payment.amount_received)
    throw new Error(
      `${input.amountMinor} ${input.currency} cannot go back of a payment of ${payment.amount_received} ${payment.currency}.`,
    );
  const open = ofPayment.some(({ status, gateway_reference: name }) => status === "requested" || (status === "unknown" && name === null));
  if (open && input.amountMinor > (await leftOfPayment(tx, payment.id, tenantId)))
    throw new Error("A refund of the payment is on its way to the gateway; what this one is of is known when that has its outcome.");
  await write(tx, { invoice, payment, amount: input.amountMinor, reference: outcome.reference });
  for (const refund of await refundsOfPayment(tx, payment.id, tenantId))
    if (refund.gateway_reference === outcome.reference) await recordRefund(tx, { refundId: refund.id, tenantId, outcome });
}

interface Given {
  invoice: InvoiceRow | null;
  payment: PaymentRow;
  amount: bigint;
  reference: string;
}

async function write(tx: Tx, { invoice, payment, amount, reference }: Given): Promise<void> {
  const made: RefundMade = { payment, reference };
  const noted = invoice === null ? 0n : least(amount, creditable(invoice));
  if (invoice && noted > 0n)
    await creditInvoice(tx, {
      invoiceId: invoice.id,
      tenantId: invoice.tenant_id,
      totalMinor: noted,
      settle: "refund",
      moneyOnly: true,
      reason: `Refunded at ${payment.gateway}`,
      made,
    });
  const rest = amount - noted;
  if (rest === 0n) return;
  const balance = invoice === null ? 0n : await balanceOf(tx, invoice);
  const fromBalance = least(rest, balance);
  if (invoice && fromBalance > 0n) await insertBalanceEntries(tx, [{ invoice, kind: "refunded", amount: -fromBalance }]);
  const of = {
    id: payment.invoice_id ?? "",
    tenant_id: payment.tenant_id,
    test_clock_id: payment.test_clock_id,
    currency: payment.currency,
  };
  const refund = madeRefund(tx, { invoice: of, invoiceId: payment.invoice_id, creditNoteId: null, amountMinor: rest, made, fromBalance });
  await insertRefunds(tx, [refund]);
}

/** What a credit note can say of it: no more than was paid, and than is left of the invoice. */
function creditable(invoice: InvoiceRow): bigint {
  if (invoice.status === "draft" || invoice.status === "void") return 0n;
  const part = least(invoice.total - invoice.credited, invoice.amount_paid - invoice.refunded);
  return part > 0n ? part : 0n;
}

async function balanceOf(tx: Tx, { tenant_id: tenantId, currency }: InvoiceRow): Promise<bigint> {
  const balance = (await balancesOf(tx, [{ tenantId, currency }])).get(`${tenantId} ${currency}`) ?? 0n;
  return balance > 0n ? balance : 0n;
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
