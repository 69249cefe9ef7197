/** Drafts: stored without a number, owed by nobody, and reckoned anew when they are issued. */
import type { Tx } from "../../commit.ts";
import { Refusal } from "../../errors.ts";
import { formatMinor } from "../money/currency.ts";
import { decimal } from "../money/decimal.ts";
import { completeDrafts } from "./complete.ts";
import { assertOwn, getInvoice } from "./find-invoice.ts";
import type { DraftInvoice, DraftLine, LineKind } from "./invoice.ts";
import { issueInvoices, rowOf } from "./issue.ts";
import { deleteDraft, type InvoiceRow, insertInvoices, insertLines, type LineRow, readLines } from "./store.ts";

export async function storeDraft(tx: Tx, draft: DraftInvoice): Promise<InvoiceRow> {
  const [completed] = await completeDrafts(tx.ctx, tx, [draft], { lock: false });
  const row: InvoiceRow = {
    ...rowOf(tx, completed!, new Map()),
    status: "draft",
    issued_at: null,
    due_at: null,
    paid_at: null,
  };
  await insertLines(
    tx,
    completed!.lines.map((line, position) => ({ invoice: row, line, position })),
  );
  await insertInvoices(tx, [row]);
  tx.emit({
    type: "invoice.created",
    tenantId: row.tenant_id,
    subject: row.id,
    summary: `A draft of an invoice over ${formatMinor(row.total, row.currency)} was made.`,
    data: { invoice: row.id, number: null, subscription: row.subscription_id, currency: row.currency, total: row.total },
  });
  return row;
}

/** Issues a draft under its own id: discounts, taxes and balance as they are now. */
export async function finalizeInvoice(tx: Tx, input: { invoiceId: string; tenantId: string }): Promise<InvoiceRow> {
  const row = await getInvoice(tx, input.invoiceId, input.tenantId);
  assertOwn(row, "finalized");
  if (row.status !== "draft")
    throw new Refusal("invalid_state", `The invoice is ${row.status}, so it cannot be finalized.`, { extra: { state: row.status } });
  const lines = (await readLines(tx, [row.tenant_id], [row.id])).get(row.id) ?? [];
  await deleteDraft(tx, row);
  const draft: DraftInvoice = {
    tenantId: row.tenant_id,
    testClockId: row.test_clock_id,
    subscriptionId: row.subscription_id,
    reason: row.reason,
    period: { start: row.period_start, end: row.period_end },
    currency: row.currency,
    collection: row.collection,
    gateway: row.gateway,
    lines: lines.map(draftLine),
  };
  const [issued] = await issueInvoices(tx, [draft], [row]);
  return issued!;
}

function draftLine(line: LineRow): DraftLine {
  return {
    kind: line.kind as LineKind,
    planKey: line.plan_key,
    planVersion: line.plan_version,
    priceKey: line.price_key,
    meterKey: line.meter_key,
    groupKey: line.group_key,
    description: line.description,
    quantity: decimal(line.quantity),
    unitAmount: line.unit_amount === null ? null : decimal(line.unit_amount),
    amount: line.amount,
    period: { start: line.period_start, end: line.period_end },
    proration: line.proration,
    round: line.round,
    explain: line.explain,
  };
}
