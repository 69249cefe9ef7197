/**
 * An invoice of Stripe as we know it, from any shape that Stripe has sent: its subscription stands under `parent` since 2025, in
 * `subscription` before; a line's price in `pricing.price_details`, then in `price` or `plan`; its taxes in `taxes`, then in `tax_amounts`. Pure.
 */
import type { InvoiceReason, InvoiceStatus } from "../../billing/invoices/invoice.ts";
import { type Decimal, decimal } from "../../billing/money/decimal.ts";
import type { Instant } from "../../billing/time/instant.ts";
import type { Period } from "../../billing/time/period.ts";
import {
  idOf,
  inner,
  instant,
  itemsIn,
  type Json,
  MalformedObject,
  optionalDigits,
  optionalInstant,
  optionalText,
  optionalWhole,
  text,
  textsIn,
  whole,
} from "./fields.ts";

export interface SeenTax {
  reference: string;
  inclusive: boolean;
  taxable: bigint;
  amount: bigint;
}

export interface SeenLine {
  reference: string;
  price: string | null;
  product: string | null;
  description: string | null;
  quantity: Decimal;
  /** In minor units, exact; null: the line is of no single price (tiers, free amounts). */
  unitAmount: Decimal | null;
  amount: bigint;
  period: Period;
  proration: boolean;
  discount: bigint;
  taxes: readonly SeenTax[];
}

export interface SeenInvoice {
  reference: string;
  subscription: string | null;
  customer: string | null;
  status: InvoiceStatus;
  reason: InvoiceReason;
  number: string | null;
  currency: string;
  collection: "charge_automatically" | "send_invoice";
  period: Period;
  /** The period that it pays in advance for, by its lines; null: none. */
  ahead: Period | null;
  subtotal: bigint;
  discount: bigint;
  tax: bigint;
  taxIncluded: bigint;
  total: bigint;
  /** What the customer's balance at Stripe took off the total. */
  offset: bigint;
  /** What credit notes took off it before it was paid. */
  preCredited: bigint;
  amountDue: bigint;
  amountPaid: bigint;
  amountLeft: bigint;
  lines: readonly SeenLine[];
  hostedUrl: string | null;
  pdfUrl: string | null;
  createdAt: Instant;
  finalizedAt: Instant | null;
  paidAt: Instant | null;
  voidedAt: Instant | null;
  uncollectibleAt: Instant | null;
  dueAt: Instant | null;
  nextAttemptAt: Instant | null;
  metadata: Readonly<Record<string, string>>;
}

const REASONS: Readonly<Record<string, InvoiceReason>> = {
  subscription_create: "start",
  subscription_cycle: "period",
  subscription_update: "change",
};
const STATUSES: readonly InvoiceStatus[] = ["draft", "open", "paid", "void", "uncollectible"];

export function subscriptionOf(invoice: Json): string | null {
  const parent = inner(invoice, "parent");
  return idOf((parent && inner(parent, "subscription_details"))?.subscription) ?? idOf(invoice.subscription);
}

/** Throws `MalformedObject`, naming what is missing. */
export function readInvoice(object: Json): SeenInvoice {
  const status = STATUSES.find((one) => one === object.status);
  if (!status) throw new MalformedObject(`invoice.status is ${String(object.status)}`);
  const moves = inner(object, "status_transitions") ?? {};
  const seen = itemsIn(object.lines).map(readLine);
  const lines = withRest(seen, object);
  const reason = REASONS[String(object.billing_reason)] ?? "manual";
  const total = whole(object, "total");
  const due = whole(object, "amount_due");
  const preCredited = optionalWhole(object, "pre_payment_credit_notes_amount") ?? 0n;
  const taken = total > due && total > 0n ? total - due : 0n;
  return {
    reference: text(object, "id"),
    subscription: subscriptionOf(object),
    customer: idOf(object.customer),
    status,
    reason,
    number: optionalText(object, "number"),
    currency: text(object, "currency"),
    collection: object.collection_method === "send_invoice" ? "send_invoice" : "charge_automatically",
    period: { start: instant(object, "period_start"), end: instant(object, "period_end") },
    ahead: aheadOf(seen, reason),
    subtotal: whole(object, "subtotal"),
    discount: sum(lines, (line) => line.discount),
    tax: sum(lines, (line) => taxOf(line, "all")),
    taxIncluded: sum(lines, (line) => taxOf(line, "inclusive")),
    total,
    offset: taken > preCredited ? taken - preCredited : 0n,
    preCredited,
    amountDue: due,
    amountPaid: whole(object, "amount_paid"),
    amountLeft: whole(object, "amount_remaining"),
    lines,
    hostedUrl: optionalText(object, "hosted_invoice_url"),
    pdfUrl: optionalText(object, "invoice_pdf"),
    createdAt: instant(object, "created"),
    finalizedAt: optionalInstant(moves, "finalized_at"),
    paidAt: optionalInstant(moves, "paid_at"),
    voidedAt: optionalInstant(moves, "voided_at"),
    uncollectibleAt: optionalInstant(moves, "marked_uncollectible_at"),
    dueAt: optionalInstant(object, "due_date"),
    nextAttemptAt: optionalInstant(object, "next_payment_attempt"),
    metadata: textsIn(object.metadata),
  };
}

function readLine(line: Json): SeenLine {
  const pricing = inner(line, "pricing");
  const details = pricing && inner(pricing, "price_details");
  const price = inner(line, "price") ?? inner(line, "plan");
  const period = inner(line, "period") ?? {};
  const unit = pricing
    ? optionalDigits(pricing, "unit_amount_decimal")
    : price && optionalDigits(price, price.object === "plan" ? "amount_decimal" : "unit_amount_decimal");
  return {
    reference: text(line, "id"),
    price: idOf(details?.price) ?? idOf(price),
    product: idOf(details?.product) ?? idOf(price?.product),
    description: optionalText(line, "description"),
    quantity: decimal(optionalDigits(line, "quantity_decimal") ?? optionalDigits(line, "quantity") ?? "1"),
    unitAmount: unit === null ? null : decimal(unit),
    amount: whole(line, "amount"),
    period: { start: instant(period, "start"), end: instant(period, "end") },
    proration: isProration(line),
    discount: itemsIn(line.discount_amounts).reduce((all, one) => all + whole(one, "amount"), 0n),
    taxes: taxesIn(line),
  };
}

function isProration(line: Json): boolean {
  const parent = inner(line, "parent");
  const details = parent && (inner(parent, "subscription_item_details") ?? inner(parent, "invoice_item_details"));
  return details ? details.proration === true : line.proration === true;
}

function taxesIn(line: Json): SeenTax[] {
  const taxes = itemsIn(line.taxes);
  const list = taxes.length > 0 ? taxes : itemsIn(line.tax_amounts);
  return list.map((tax) => ({
    reference: idOf(inner(tax, "tax_rate_details")?.tax_rate) ?? idOf(tax.tax_rate) ?? "tax",
    inclusive: tax.tax_behavior === "inclusive" || tax.inclusive === true,
    taxable: optionalWhole(tax, "taxable_amount") ?? whole(line, "amount"),
    amount: whole(tax, "amount"),
  }));
}

/** Older invoices say discounts and taxes for the whole only: what the lines do not tell stands with the last of them. */
function withRest(lines: readonly SeenLine[], object: Json): readonly SeenLine[] {
  const last = lines.at(-1);
  if (!last) return lines;
  const discounts = itemsIn(object.total_discount_amounts).reduce((all, one) => all + whole(one, "amount"), 0n);
  const told = itemsIn(object.total_taxes).length > 0 ? itemsIn(object.total_taxes) : itemsIn(object.total_tax_amounts);
  const taxes = told.length > 0 ? told.reduce((all, one) => all + whole(one, "amount"), 0n) : (optionalWhole(object, "tax") ?? 0n);
  const discount = discounts - sum(lines, (line) => line.discount);
  const tax = taxes - sum(lines, (line) => taxOf(line, "all"));
  if (discount === 0n && tax === 0n) return lines;
  const rest: SeenTax[] = tax === 0n ? [] : [{ reference: "tax", inclusive: false, taxable: whole(object, "subtotal"), amount: tax }];
  return lines.with(-1, { ...last, discount: last.discount + discount, taxes: [...last.taxes, ...rest] });
}

function aheadOf(lines: readonly SeenLine[], reason: InvoiceReason): Period | null {
  if (reason !== "start" && reason !== "period") return null;
  const regular = lines.filter((line) => !line.proration && line.period.start < line.period.end);
  return regular.reduce<Period | null>((last, { period }) => (last === null || period.end > last.end ? period : last), null);
}

export function taxOf(line: Pick<SeenLine, "taxes">, only: "all" | "inclusive"): bigint {
  return line.taxes.reduce((all, tax) => (only === "all" || tax.inclusive ? all + tax.amount : all), 0n);
}

function sum(lines: readonly SeenLine[], of: (line: SeenLine) => bigint): bigint {
  return lines.reduce((all, line) => all + of(line), 0n);
}
