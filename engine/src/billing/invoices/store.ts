/** SQL of invoices, their lines and their numbers. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { toJson } from "../../http/json.ts";
import { newId } from "../../ids.ts";
import type { BillTo } from "../tenants/store.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import { type DraftLine, discountOf, type InvoiceReason, type InvoiceStatus, type LineDiscount, type LineTax, taxOf } from "./invoice.ts";
import type { TaxStatus } from "./tax-engine.ts";

export interface InvoiceRow {
  id: string;
  tenant_id: string;
  test_clock_id: string | null;
  subscription_id: string | null;
  reason: InvoiceReason;
  status: InvoiceStatus;
  number: string | null;
  currency: string;
  period_start: Instant;
  period_end: Instant;
  subtotal: bigint;
  discount: bigint;
  tax: bigint;
  tax_included: bigint;
  total: bigint;
  balance_applied: bigint;
  amount_paid: bigint;
  amount_due: bigint;
  collection: "charge_automatically" | "send_invoice";
  gateway: string;
  issued_at: Instant | null;
  due_at: Instant | null;
  paid_at: Instant | null;
  voided_at: Instant | null;
  /** Who makes it and collects it: the engine, or the processor whose mirror it is. */
  processor: "engine" | "stripe";
  processor_invoice_id: string | null;
  /** Where the processor shows it. */
  processor_hosted_url: string | null;
  processor_pdf_url: string | null;
  tax_status: TaxStatus;
  place_of_supply: string | null;
  /** Who was billed, as it was at the issue. */
  hosted_token: string | null;
  bill_to: Omit<BillTo, "id" | "no" | "tax_exempt"> | null;
  /** The first failure of a payment; set as long as the invoice is known to have failed. */
  failed_at: Instant | null;
  /** Retries begun. */
  retries: number;
  next_attempt_at: Instant | null;
  dunning_ended_at: Instant | null;
  /** What credit notes took off what was due. */
  amount_offset: bigint;
  /** What they took off the total. */
  credited: bigint;
  /** Money given back, or on its way. */
  refunded: bigint;
  created_at: Instant;
}

export interface LineRow {
  id: string;
  invoice_id: string;
  kind: string;
  plan_key: string | null;
  plan_version: number | null;
  price_key: string | null;
  meter_key: string | null;
  group_key: string | null;
  description: string;
  quantity: string;
  unit_amount: string | null;
  amount: bigint;
  period_start: Instant;
  period_end: Instant;
  proration: boolean;
  round: number;
  explain: Record<string, unknown>;
  discount: bigint;
  tax: bigint;
  discounts: readonly LineDiscount[];
  taxes: readonly LineTax[];
}

export const INVOICE = `id, tenant_id, test_clock_id, subscription_id, reason, status, number, currency, period_start, period_end, subtotal, discount, tax, tax_included, total,
  balance_applied, amount_paid, amount_due, collection, gateway, issued_at, due_at, paid_at, voided_at, processor, processor_invoice_id, processor_hosted_url, processor_pdf_url, tax_status, place_of_supply, bill_to, hosted_token,
  failed_at, retries, next_attempt_at, dunning_ended_at, amount_offset, credited, refunded, created_at`;

/** Takes `count` numbers of a series and answers the last. Locks the series until the transaction ends: no gap, no duplicate. */
export async function takeNumbers(tx: Tx, series: string, count: number): Promise<bigint> {
  const [row] = await tx.query<{ last: bigint }>(
    `/* no tenant: numbers run through all of them */
     insert into invoice_series (series, last) values ($1, $2)
     on conflict (series) do update set last = invoice_series.last + excluded.last returning last`,
    [series, count],
  );
  return row!.last;
}

const at = (instant: Instant | null): string | null => (instant === null ? null : formatInstant(instant));

const INVOICE_COLUMNS = [
  ...[
    "id",
    "tenant_id",
    "test_clock_id",
    "subscription_id",
    "reason",
    "status",
    "number",
    "currency",
    "period_start",
    "period_end",
    "subtotal",
  ],
  ...[
    "discount",
    "tax",
    "tax_included",
    "total",
    "balance_applied",
    "amount_paid",
    "amount_due",
    "collection",
    "gateway",
    "issued_at",
    "due_at",
    "paid_at",
    "tax_status",
    "place_of_supply",
    "bill_to",
    "hosted_token",
    "processor",
    "processor_invoice_id",
    "processor_hosted_url",
    "processor_pdf_url",
    "amount_offset",
    "created_at",
  ],
];

export async function insertInvoices(tx: Tx, rows: readonly InvoiceRow[]): Promise<void> {
  await tx.copy(
    "invoices",
    INVOICE_COLUMNS,
    rows.map((row) => [
      row.id,
      row.tenant_id,
      row.test_clock_id,
      row.subscription_id,
      row.reason,
      row.status,
      row.number,
      row.currency,
      at(row.period_start),
      at(row.period_end),
      row.subtotal,
      row.discount,
      row.tax,
      row.tax_included,
      row.total,
      row.balance_applied,
      row.amount_paid,
      row.amount_due,
      row.collection,
      row.gateway,
      at(row.issued_at),
      at(row.due_at),
      at(row.paid_at),
      row.tax_status,
      row.place_of_supply,
      row.bill_to === null ? null : toJson(row.bill_to),
      row.hosted_token,
      row.processor,
      row.processor_invoice_id,
      row.processor_hosted_url,
      row.processor_pdf_url,
      row.amount_offset,
      at(row.created_at),
    ]),
  );
}

const LINE_COLUMNS = [
  ...[
    "invoice_id",
    "position",
    "id",
    "tenant_id",
    "subscription_id",
    "kind",
    "plan_key",
    "plan_version",
    "price_key",
    "meter_key",
    "group_key",
  ],
  ...["description", "quantity", "unit_amount", "amount", "period_start", "period_end", "proration", "round", "explain"],
  ...["discount", "tax", "discounts", "taxes"],
];

export async function insertLines(tx: Tx, items: readonly { invoice: InvoiceRow; line: DraftLine; position: number }[]): Promise<void> {
  await tx.copy(
    "invoice_lines",
    LINE_COLUMNS,
    items.map(({ invoice, line, position }) => [
      invoice.id,
      position,
      newId("line"),
      invoice.tenant_id,
      invoice.subscription_id,
      line.kind,
      line.planKey,
      line.planVersion,
      line.priceKey,
      line.meterKey,
      line.groupKey,
      line.description,
      line.quantity.toFixed(),
      line.unitAmount?.toFixed() ?? null,
      line.amount,
      formatInstant(line.period.start),
      formatInstant(line.period.end),
      line.proration,
      line.round,
      toJson(line.explain),
      discountOf(line),
      taxOf(line),
      toJson(line.discounts ?? []),
      toJson(line.taxes ?? []),
    ]),
  );
}

export async function findInvoice(db: Database, id: string, tenantId: string | null, lock = false): Promise<InvoiceRow | null> {
  const rows = await db.query<InvoiceRow>(
    `select ${INVOICE} from invoices where id = $1 and ($2::text is null or tenant_id = $2)${lock ? " for no key update" : ""}`,
    [id, tenantId],
  );
  return rows[0] ?? null;
}

export async function findHosted(db: Database, token: string): Promise<InvoiceRow | null> {
  const rows = await db.query<InvoiceRow>(
    `/* all tenants: the token is the secret that names one */ select ${INVOICE} from invoices where hosted_token = $1`,
    [token],
  );
  return rows[0] ?? null;
}

export async function findPeriodInvoice(
  db: Database,
  tenantId: string,
  subscriptionId: string,
  periodStart: Instant,
): Promise<InvoiceRow | null> {
  const rows = await db.query<InvoiceRow>(
    `select ${INVOICE} from invoices where tenant_id = $1 and subscription_id = $2 and period_start = $3 and reason in ('period', 'final') and status <> 'void'`,
    [tenantId, subscriptionId, formatInstant(periodStart)],
  );
  return rows[0] ?? null;
}

export async function listInvoices(
  db: Database,
  tenantId: string,
  filter: { status: string | null; before: string[] | null; limit: number },
): Promise<InvoiceRow[]> {
  return db.query<InvoiceRow>(
    `select ${INVOICE} from invoices
     where tenant_id = $1 and ($2::text is null or status = $2) and ($3::timestamptz is null or (created_at, id) < ($3, $4))
     order by created_at desc, id desc limit $5`,
    [tenantId, filter.status, filter.before?.[0] ?? null, filter.before?.[1] ?? null, filter.limit],
  );
}

export async function readLines(
  db: Database,
  tenantIds: readonly string[],
  invoiceIds: readonly string[],
): Promise<Map<string, LineRow[]>> {
  const rows = await db.query<LineRow>(
    `select id, invoice_id, kind, plan_key, plan_version, price_key, meter_key, group_key, description, quantity::text, unit_amount::text, amount,
            period_start, period_end, proration, round, explain, discount, tax, discounts, taxes
     from invoice_lines where invoice_id = any($1) and tenant_id = any($2) order by invoice_id, position`,
    [invoiceIds, tenantIds],
  );
  const lines = new Map<string, LineRow[]>(invoiceIds.map((id) => [id, []]));
  for (const row of rows) lines.get(row.invoice_id)?.push(row);
  return lines;
}

export async function updateSettlement(
  tx: Tx,
  row: Pick<InvoiceRow, "id" | "tenant_id" | "status" | "amount_paid" | "amount_due" | "paid_at">,
): Promise<void> {
  await tx.query(
    `update invoices set status = $3, amount_paid = $4, amount_due = $5, paid_at = $6,
       next_attempt_at = case when $3 = 'paid' then null else next_attempt_at end
     where id = $1 and tenant_id = $2`,
    [row.id, row.tenant_id, row.status, row.amount_paid.toString(), row.amount_due.toString(), at(row.paid_at)],
  );
}

/** A step of the invoice's own life: voided, written off. */
export async function updateState(
  tx: Tx,
  row: Pick<InvoiceRow, "id" | "tenant_id" | "status" | "amount_due" | "next_attempt_at" | "voided_at">,
): Promise<void> {
  await tx.query(
    "update invoices set status = $3, amount_due = $4, next_attempt_at = $5, voided_at = $6 where id = $1 and tenant_id = $2",
    [row.id, row.tenant_id, row.status, row.amount_due.toString(), at(row.next_attempt_at), at(row.voided_at)],
  );
}

/** A draft makes room for the invoice that it becomes. */
export async function deleteDraft(tx: Tx, row: InvoiceRow): Promise<void> {
  await tx.query("delete from invoice_lines where invoice_id = $1 and tenant_id = $2", [row.id, row.tenant_id]);
  await tx.query("delete from invoices where id = $1 and tenant_id = $2 and status = 'draft'", [row.id, row.tenant_id]);
}

/** Which of these periods have their invoice already. */
export async function findPeriodInvoices(
  db: Database,
  periods: readonly { tenantId: string; subscriptionId: string; periodStart: Instant }[],
): Promise<{ id: string; subscription_id: string }[]> {
  if (periods.length === 0) return [];
  return db.query(
    `select i.id, i.subscription_id
     from unnest($1::text[], $2::text[], $3::timestamptz[]) as ask (tenant_id, subscription_id, period_start)
     cross join lateral (
       select i.id, i.subscription_id from invoices i
       where i.subscription_id = ask.subscription_id and i.tenant_id = ask.tenant_id and i.period_start = ask.period_start
         and i.reason in ('period', 'final') and i.status <> 'void'
       offset 0
     ) i`,
    [periods.map((p) => p.tenantId), periods.map((p) => p.subscriptionId), periods.map((p) => formatInstant(p.periodStart))],
  );
}

export async function eraseBillToMail(tx: Tx, tenantId: string): Promise<void> {
  await tx.query(
    `update invoices set bill_to = jsonb_set(bill_to, '{email}', 'null') where tenant_id = $1 and bill_to ->> 'email' is not null`,
    [tenantId],
  );
}
