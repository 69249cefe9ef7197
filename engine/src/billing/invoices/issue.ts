/** Stores prepared invoices as issued: numbers without a gap, balance applied, payment requested. */
import { randomBytes } from "node:crypto";
import type { Tx } from "../../commit.ts";
import { newId } from "../../ids.ts";
import { formatMinor } from "../money/currency.ts";
import { minorJson } from "../money/decimal.ts";
import { requestPayments } from "../payments/request-payments.ts";
import type { Instant } from "../time/instant.ts";
import { type BalanceKind, balancesOf, insertBalanceEntries } from "./balance.ts";
import { type Completed, completeDrafts } from "./complete.ts";
import { countsAsPeriod } from "./discount.ts";
import { insertUses } from "./discount-store.ts";
import { type DraftInvoice, totalsOf } from "./invoice.ts";
import { takeItems } from "./item-store.ts";
import { noteSales } from "./note-taxes.ts";
import { numberOf, seriesOf } from "./numbering.ts";
import { takePending } from "./pending-store.ts";
import { type InvoiceRow, insertInvoices, insertLines, takeNumbers } from "./store.ts";

const DAY = 86_400_000;

/**
 * Answers the stored invoices in the order of the drafts. One write set, however many there are. `kept`: the stored draft that
 * each takes the place of.
 */
export async function issueInvoices(tx: Tx, drafts: readonly DraftInvoice[], kept: readonly InvoiceRow[] = []): Promise<InvoiceRow[]> {
  if (drafts.length === 0) return [];
  await takeWaiting(tx, drafts);
  const completed = await completeDrafts(tx.ctx, tx, drafts, { lock: true });
  const balances = await balancesOf(tx, drafts);
  const rows = completed.map((draft, index) => ({ ...rowOf(tx, draft, balances), ...identityOf(kept[index]) }));
  await insertLines(
    tx,
    rows.flatMap((row, index) => completed[index]!.lines.map((line, position) => ({ invoice: row, line, position }))),
  );
  await requestPayments(
    tx,
    rows
      .filter((row, index) => row.status === "open" && row.collection === "charge_automatically" && !completed[index]!.prepaid)
      .map((row) => ({
        tenantId: row.tenant_id,
        testClockId: row.test_clock_id,
        invoiceId: row.id,
        gateway: row.gateway,
        currency: row.currency,
        amountMinor: row.amount_due,
        attempt: 1,
      })),
  );
  // The counter's row is locked from here to the end of the transaction, so it is taken as late as can be, for all at once.
  await number(
    tx,
    rows.map((row, index) => ({ row, tenantNo: completed[index]!.billTo?.no ?? null })),
  );
  await insertInvoices(tx, rows);
  await insertBalanceEntries(
    tx,
    rows.flatMap((row) => balanceEntryOf(row) ?? []),
  );
  await takeItems(
    tx,
    rows.flatMap((row, index) =>
      completed[index]!.lines.flatMap(({ itemId }) =>
        itemId === undefined ? [] : [{ id: itemId, tenantId: row.tenant_id, invoiceId: row.id }],
      ),
    ),
  );
  await insertUses(
    tx,
    rows.flatMap((row, index) => usesOf(row, completed[index]!)),
  );
  await noteSales(
    tx,
    rows.map((row, index) => ({ row, completed: completed[index]! })),
  );
  rows.forEach((row, index) => {
    announce(tx, row, kept[index] === undefined);
  });
  return rows;
}

// The subscription is locked, so that nobody else can have taken them; if somebody has, nothing of this write may stand.
async function takeWaiting(tx: Tx, drafts: readonly DraftInvoice[]): Promise<void> {
  const taking = drafts.flatMap((draft) => draft.lines.flatMap((line) => (line.pendingId ? [{ id: line.pendingId, draft }] : [])));
  if (taking.length === 0) return;
  const tenants = [...new Set(taking.map(({ draft }) => draft.tenantId))];
  const taken = await takePending(
    tx,
    tenants,
    taking.map(({ id }) => id),
  );
  if (taken !== taking.length) throw new Error(`${taking.length - taken} lines that waited for this invoice are on another one`);
}

function identityOf(draft: InvoiceRow | undefined): Partial<InvoiceRow> {
  return draft ? { id: draft.id, created_at: draft.created_at } : {};
}

// Series in their order, so that two writes that take several never wait for each other in a circle.
async function number(tx: Tx, items: readonly { row: InvoiceRow; tenantNo: number | null }[]): Promise<void> {
  const { invoicePrefix: prefix, invoiceNumbering: style, fiscalYearStartMonth } = tx.ctx.config;
  const placed = items.map(({ row, tenantNo }) => ({
    row,
    series: seriesOf({ style, prefix, at: tx.now, fiscalYearStartMonth, tenantNo }),
  }));
  const groups = [...Map.groupBy(placed, ({ series }) => series.key)].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [key, group] of groups) {
    const last = await takeNumbers(tx, key, group.length);
    group.forEach(({ row, series }, index) => {
      row.number = numberOf(series, last - BigInt(group.length - 1 - index));
    });
  }
}

export function rowOf(tx: Tx, draft: Completed, balances: Map<string, bigint>): InvoiceRow {
  const { subtotal, discount, tax, taxIncluded, total } = totalsOf(draft.lines);
  const key = `${draft.tenantId} ${draft.currency}`;
  const balance = balances.get(key) ?? 0n;
  const applied = total > 0n && balance > 0n ? (balance < total ? balance : total) : 0n;
  if (applied > 0n) balances.set(key, balance - applied);
  const due = total > 0n ? total - applied : 0n;
  return {
    id: newId("invoice"),
    tenant_id: draft.tenantId,
    test_clock_id: draft.testClockId,
    subscription_id: draft.subscriptionId,
    reason: draft.reason,
    status: due === 0n ? "paid" : "open",
    number: null,
    currency: draft.currency,
    period_start: draft.period.start,
    period_end: draft.period.end,
    subtotal,
    discount,
    tax,
    tax_included: taxIncluded,
    total,
    balance_applied: applied,
    amount_paid: 0n,
    amount_due: due,
    collection: draft.collection,
    gateway: draft.gateway,
    issued_at: tx.now,
    due_at: dueAt(tx, draft),
    paid_at: due === 0n ? tx.now : null,
    voided_at: null,
    processor: "engine",
    processor_invoice_id: null,
    processor_hosted_url: null,
    processor_pdf_url: null,
    tax_status: draft.determination.status,
    place_of_supply: draft.determination.placeOfSupply,
    bill_to: billToOf(draft),
    hosted_token: randomBytes(24).toString("base64url"),
    failed_at: null,
    retries: 0,
    next_attempt_at: null,
    dunning_ended_at: null,
    amount_offset: 0n,
    credited: 0n,
    refunded: 0n,
    created_at: tx.now,
  };
}

function billToOf({ billTo }: Completed): InvoiceRow["bill_to"] {
  return billTo && { name: billTo.name, email: billTo.email, address: billTo.address, tax_id: billTo.tax_id };
}

function balanceEntryOf(row: InvoiceRow): { invoice: InvoiceRow; kind: BalanceKind; amount: bigint } | null {
  if (row.total < 0n) return { invoice: row, kind: "credited", amount: -row.total };
  return row.balance_applied > 0n ? { invoice: row, kind: "applied", amount: -row.balance_applied } : null;
}

function usesOf(row: InvoiceRow, draft: Completed) {
  const counts = countsAsPeriod(draft.reason);
  return [...draft.used].map(([discountId, amount]) => ({ discountId, invoiceId: row.id, tenantId: row.tenant_id, amount, counts }));
}

function dueAt(tx: Tx, draft: DraftInvoice): Instant {
  return draft.collection === "charge_automatically" ? tx.now : tx.now + tx.ctx.config.paymentTermDays * DAY;
}

function announce(tx: Tx, row: InvoiceRow, isNew: boolean): void {
  const about = { tenantId: row.tenant_id, subject: row.id };
  const data = {
    invoice: row.id,
    number: row.number,
    subscription: row.subscription_id,
    currency: row.currency,
    total: minorJson(row.total),
    amount_due: minorJson(row.amount_due),
  };
  const words = `${row.number} over ${formatMinor(row.total, row.currency)}`;
  if (isNew) tx.emit({ type: "invoice.created", ...about, summary: `Invoice ${words} was made.`, data });
  tx.emit({ type: "invoice.finalized", ...about, summary: `Invoice ${words} was issued.`, data });
  if (row.status === "paid")
    tx.emit({ type: "invoice.paid", ...about, summary: `Invoice ${words} has nothing left to pay.`, data: { ...data, at_issue: true } });
}
