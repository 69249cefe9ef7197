/** Makes a credit note: takes a part of an issued invoice back, never more than what is left of it. */
import type { Tx } from "../../commit.ts";
import { invalidField, Refusal } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { amount as exactly, scale } from "../money/amount.ts";
import { formatMinor } from "../money/currency.ts";
import { refundablePayments } from "../payments/refund-store.ts";
import { type RefundMade, requestRefunds } from "../payments/request-refunds.ts";
import { insertBalanceEntries } from "./balance.ts";
import { type CreditPart, creditPart, lineTotal, partWorth, refundable, settleCredit } from "./credit.ts";
import { type CreditNoteRow, creditedLines, insertCreditNote, updateCredited } from "./credit-store.ts";
import { getInvoice } from "./find-invoice.ts";
import { assertMove } from "./invoice.ts";
import { lessenPayment } from "./lessen-payment.ts";
import { numberOf, seriesOf } from "./numbering.ts";
import { type InvoiceRow, type LineRow, readLines, takeNumbers } from "./store.ts";

export interface CreditInput {
  invoiceId: string;
  tenantId: string;
  /** Parts of lines, in the line's own amount, before discount and tax. */
  lines?: readonly { line: string; amountMinor: bigint }[] | undefined;
  /** A total, tax included, taken from the lines in their order. Neither: all that is left. */
  totalMinor?: bigint | undefined;
  settle: "balance" | "refund" | "offset";
  /** All of it must go back as money, whatever was used. */
  moneyOnly?: boolean;
  /**
   * It must not fail for how the invoice was or is being paid: money that no gateway can give back becomes balance, and so does what
   * an attempt under way collects too much.
   */
  always?: boolean;
  reason?: string | undefined;
  /** The money went back at the gateway already. */
  made?: RefundMade | undefined;
}

interface Credit {
  line: LineRow;
  part: CreditPart;
}

export async function creditInvoice(tx: Tx, input: CreditInput): Promise<CreditNoteRow> {
  const invoice = await getInvoice(tx, input.invoiceId, input.tenantId);
  if (invoice.status === "draft" || invoice.status === "void" || invoice.total <= 0n)
    throw new Refusal("invalid_state", `The invoice is ${invoice.status} over ${invoice.total}, so there is nothing to credit.`, {
      extra: { state: invoice.status },
    });
  const lines = (await readLines(tx, [invoice.tenant_id], [invoice.id])).get(invoice.id) ?? [];
  const before = await creditedLines(tx, invoice);
  const credits = choose(input, invoice, lines, before);
  const total = credits.reduce((sum, { part }) => sum + part.total, 0n);
  const left = invoice.total - invoice.credited;
  if (total <= 0n || total > left) throw invalidField("amount", `must be above zero and at most what is left of the invoice: ${left}`);
  const money = invoice.amount_paid - invoice.refunded;
  if (input.moneyOnly && total > money) throw invalidField("amount", `is more than was paid and not given back: ${money}`);
  const settled = settleCredit(input.settle, total, {
    due: invoice.amount_due,
    settled: left - invoice.amount_due,
    refund: input.moneyOnly ? total : least(await refundableMoney(tx, input, invoice), paidBeyond(invoice, credits, before)),
  });
  const due = invoice.amount_due - settled.offset;
  if (settled.offset > 0n) await lessenPayment(tx, invoice, due, { wait: !input.always });
  const paid = due === 0n && (invoice.status === "open" || invoice.status === "uncollectible");
  if (paid) assertMove(invoice.status, "paid");
  const note: CreditNoteRow = {
    id: newId("creditNote"),
    tenant_id: invoice.tenant_id,
    invoice_id: invoice.id,
    number: "",
    currency: invoice.currency,
    subtotal: credits.reduce((sum, { part }) => sum + part.amount, 0n),
    discount: credits.reduce((sum, { part }) => sum + part.discount, 0n),
    tax: credits.reduce((sum, { part }) => sum + part.tax, 0n),
    total,
    to_balance: settled.balance,
    refunded: settled.refund,
    offset_due: settled.offset,
    reason: input.reason ?? null,
    created_at: tx.now,
  };
  await updateCredited(tx, {
    ...invoice,
    amount_due: due,
    amount_offset: invoice.amount_offset + settled.offset,
    credited: invoice.credited + total,
    refunded: invoice.refunded + settled.refund,
    status: paid ? "paid" : invoice.status,
    paid_at: paid ? tx.now : invoice.paid_at,
  });
  if (settled.balance > 0n) await insertBalanceEntries(tx, [{ invoice, kind: "credit_note", amount: settled.balance }]);
  if (settled.refund > 0n) await requestRefunds(tx, { invoice, creditNoteId: note.id, amountMinor: settled.refund, made: input.made });
  const { creditNotePrefix, fiscalYearStartMonth } = tx.ctx.config;
  const series = seriesOf({ style: "year", prefix: creditNotePrefix, at: tx.now, fiscalYearStartMonth, tenantNo: null });
  note.number = numberOf(series, await takeNumbers(tx, series.key, 1));
  await insertCreditNote(
    tx,
    note,
    credits.map(({ line, part }) => ({ lineId: line.id, description: line.description, part })),
  );
  announce(tx, invoice, note, paid);
  return note;
}

function choose(input: CreditInput, invoice: InvoiceRow, lines: readonly LineRow[], before: Map<string, CreditPart>): Credit[] {
  const done = (line: LineRow) => before.get(line.id)?.amount ?? 0n;
  if (input.lines !== undefined) {
    return input.lines.map(({ line: id, amountMinor }, index) => {
      const line = lines.find((candidate) => candidate.id === id);
      if (!line) throw invalidField(`lines[${index}].line`, "names no line of this invoice");
      if (input.lines!.findIndex((other) => other.line === id) !== index) throw invalidField(`lines[${index}].line`, "is there twice");
      if (amountMinor > line.amount - done(line))
        throw invalidField(`lines[${index}].amount`, `is more than what is left of the line: ${line.amount - done(line)}`);
      return { line, part: creditPart(line, before.get(line.id), amountMinor) };
    });
  }
  const wanted = input.totalMinor ?? invoice.total - invoice.credited;
  let open = wanted;
  const credits: Credit[] = [];
  for (const line of lines) {
    if (line.amount <= 0n || open <= 0n) continue;
    const part = partWorth(line, before.get(line.id), open);
    if (part.total === 0n) continue;
    open -= part.total;
    credits.push({ line, part });
  }
  if (open !== 0n) throw invalidField("amount", `must be above zero and at most what is left of the lines: ${wanted - open}`);
  return credits;
}

/** What was paid for the credited lines beyond what is kept of them: the part of each in the payments, by its part in the total. */
function paidBeyond(invoice: InvoiceRow, credits: readonly Credit[], before: Map<string, CreditPart>): bigint {
  return credits.reduce((sum, { line, part }) => {
    const whole = lineTotal(line);
    const kept = whole - (before.get(line.id)?.total ?? 0n) - part.total;
    return sum + refundable(scale(exactly(invoice.amount_paid), whole, invoice.total), exactly(kept), exactly(part.total));
  }, 0n);
}

async function refundableMoney(tx: Tx, input: CreditInput, invoice: InvoiceRow): Promise<bigint> {
  const money = invoice.amount_paid - invoice.refunded;
  if (!input.always || input.settle !== "refund" || money === 0n) return money;
  const payments = await refundablePayments(tx, invoice.id, invoice.tenant_id);
  return least(
    money,
    payments.reduce((sum, payment) => sum + BigInt(payment.refundable), 0n),
  );
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

function announce(tx: Tx, invoice: InvoiceRow, note: CreditNoteRow, paid: boolean): void {
  const about = { tenantId: invoice.tenant_id, subject: invoice.id };
  const data = { invoice: invoice.id, number: invoice.number, subscription: invoice.subscription_id, currency: invoice.currency };
  tx.emit({
    type: "invoice.credited",
    ...about,
    summary: `Credit note ${note.number} took ${formatMinor(note.total, note.currency)} off invoice ${invoice.number}.`,
    data: {
      ...data,
      credit_note: note.id,
      total: note.total,
      to_balance: note.to_balance,
      refunded: note.refunded,
      offset: note.offset_due,
    },
  });
  if (!paid) return;
  tx.emit({
    type: "invoice.paid",
    ...about,
    summary: `Invoice ${invoice.number} has nothing left to pay.`,
    data: { ...data, total: invoice.total, ...(invoice.failed_at === null ? {} : { failed: true }) },
  });
}
