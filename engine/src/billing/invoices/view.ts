/** Invoices as the API shows them (docs/http-api.md, Invoices and payments). */
import { type TSchema, Type } from "typebox";
import { Closed, Currency, Instant as InstantText, Named, Nullable, OneOf, Quantity, SignedMinor, TenantId } from "../../http/schema.ts";
import { decimal, parseDecimal } from "../money/decimal.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { Completed } from "./complete.ts";
import type { DraftInvoice, DraftLine } from "./invoice.ts";
import { discountOf, type LineTax, taxOf, totalsOf } from "./invoice.ts";
import type { InvoiceRow, LineRow } from "./store.ts";
import { transferOf } from "./transfer.ts";

const text = () => Nullable(Type.String());
const Tier = Type.Object({
  up_to: Nullable(Quantity()),
  quantity: Quantity(),
  unit_amount: Type.Optional(Type.String({ description: "In minor units, exact." })),
  rate: Type.Optional(Type.String({ description: "In percent." })),
  flat_amount: Type.String(),
  amount: Type.String(),
});

const DiscountPart = Type.Object({ discount: Type.String(), coupon: Type.String(), name: Type.String(), amount: SignedMinor() });
const TaxPart = Type.Object({
  key: Type.String(),
  name: Type.String(),
  kind: Type.String({ description: "vat, sales, gst, cgst, sgst or igst." }),
  percent: Type.String(),
  inclusive: Type.Boolean({ description: "The prices contain it already." }),
  taxable: SignedMinor("What it is a percentage of."),
  amount: SignedMinor(),
});

export const LineView: TSchema = Named(
  "InvoiceLine",
  Type.Object({
    id: text(),
    kind: Type.String({ description: "flat, seat, usage, commitment, credit, item or pack." }),
    plan: text(),
    price: text(),
    meter: text(),
    group: Nullable(Type.Object({}, { additionalProperties: true })),
    description: Type.String(),
    quantity: Quantity(),
    unit_amount: Nullable(Type.String({ description: "In minor units, exact." })),
    amount: SignedMinor(),
    discount: SignedMinor("Taken off the amount."),
    discounts: Type.Array(DiscountPart),
    tax: SignedMinor(),
    taxes: Type.Array(TaxPart),
    period_start: InstantText(),
    period_end: InstantText(),
    proration: Type.Boolean(),
    tiers: Type.Array(Tier),
    explain: Type.Object(
      {},
      { additionalProperties: true, description: "What made the amount: model, billable quantity, exact amount, share of the period." },
    ),
  }),
);

export const InvoiceView = Named(
  "Invoice",
  Closed({
    id: Nullable(Type.String()),
    tenant_id: TenantId(),
    subscription_id: text(),
    number: text(),
    status: OneOf(["draft", "open", "paid", "void", "uncollectible"]),
    reason: Type.String({ description: "start, period, advance, final, change or manual." }),
    currency: Currency(),
    period_start: InstantText(),
    period_end: InstantText(),
    subtotal: SignedMinor(),
    discount: SignedMinor(),
    tax: SignedMinor("All of it, what the prices contain included."),
    tax_included: SignedMinor("The part of the tax that the prices contain."),
    taxes: Type.Array(TaxPart),
    tax_status: OneOf(["taxed", "exempt", "reverse_charge", "none"]),
    place_of_supply: text(),
    bill_to: Nullable(Type.Object({}, { additionalProperties: true })),
    total: SignedMinor(),
    balance_applied: SignedMinor(),
    amount_paid: SignedMinor(),
    amount_due: SignedMinor(),
    amount_credited: SignedMinor("What credit notes took off the total."),
    amount_refunded: SignedMinor(),
    collection: Type.String(),
    lines: Type.Array(LineView),
    issued_at: Nullable(InstantText()),
    due_at: Nullable(InstantText()),
    paid_at: Nullable(InstantText()),
    next_attempt_at: Nullable(InstantText("When a payment that failed is tried again.")),
    processor_invoice_id: text(),
    hosted_url: text(),
    pdf_url: text(),
    bank_transfer: Nullable(
      Type.Object(
        { lines: Type.Array(Type.String()), reference: Type.String({ description: "What the payment is to be marked with." }) },
        { description: "Where money for it goes; null: it is not to be transferred, or nobody said where to." },
      ),
    ),
    created_at: Nullable(InstantText()),
  }),
);

const at = (instant: Instant | null) => (instant === null ? null : formatInstant(instant));

/** Where this engine is reached from outside, and who sells. */
export interface Issuer {
  publicUrl: string;
  seller: { bankDetails?: string | null };
}

export function invoiceView(row: InvoiceRow, lines: readonly LineRow[], from: Issuer) {
  const { publicUrl } = from;
  return {
    id: row.id,
    tenant_id: row.tenant_id,
    subscription_id: row.subscription_id,
    number: row.number,
    status: row.status,
    reason: row.reason,
    currency: row.currency,
    period_start: formatInstant(row.period_start),
    period_end: formatInstant(row.period_end),
    subtotal: row.subtotal,
    discount: row.discount,
    tax: row.tax,
    tax_included: row.tax_included,
    taxes: taxesOf(lines),
    tax_status: row.tax_status,
    place_of_supply: row.place_of_supply,
    bill_to: row.bill_to,
    total: row.total,
    balance_applied: row.balance_applied,
    amount_paid: row.amount_paid,
    amount_due: row.amount_due,
    amount_credited: row.credited,
    amount_refunded: row.refunded,
    collection: row.collection,
    lines: lines.map(lineView),
    issued_at: at(row.issued_at),
    due_at: at(row.due_at),
    paid_at: at(row.paid_at),
    next_attempt_at: at(row.next_attempt_at),
    processor_invoice_id: row.processor_invoice_id,
    hosted_url: row.number === null ? null : (row.processor_hosted_url ?? hostedUrl(row, publicUrl)),
    pdf_url: row.number === null ? null : (row.processor_pdf_url ?? `${hostedUrl(row, publicUrl)}/pdf`),
    bank_transfer: transferOf(row, from.seller),
    created_at: formatInstant(row.created_at),
  };
}

export function hostedUrl(row: Pick<InvoiceRow, "hosted_token">, publicUrl: string): string {
  return `${publicUrl}/i/${row.hosted_token}`;
}

/** Each tax over all lines. */
export function taxesOf(lines: readonly { taxes: readonly LineTax[] }[]): LineTax[] {
  const found = new Map<string, LineTax>();
  for (const tax of lines.flatMap((line) => line.taxes)) {
    const name = `${tax.key} ${tax.kind} ${tax.percent} ${tax.inclusive}`;
    const before = found.get(name);
    found.set(
      name,
      before
        ? { ...tax, taxable: before.taxable + BigInt(tax.taxable), amount: before.amount + BigInt(tax.amount) }
        : { ...tax, taxable: BigInt(tax.taxable), amount: BigInt(tax.amount) },
    );
  }
  return [...found.values()];
}

/** A draft that is not stored: previews and quotes. */
export function draftView(draft: DraftInvoice) {
  const { subtotal, discount, tax, taxIncluded, total } = totalsOf(draft.lines);
  const { determination } = draft as Partial<Completed>;
  return {
    id: null,
    tenant_id: draft.tenantId,
    subscription_id: draft.subscriptionId,
    number: null,
    status: "draft" as const,
    reason: draft.reason,
    currency: draft.currency,
    period_start: formatInstant(draft.period.start),
    period_end: formatInstant(draft.period.end),
    subtotal,
    discount,
    tax,
    tax_included: taxIncluded,
    taxes: taxesOf(draft.lines.map((line) => ({ taxes: line.taxes ?? [] }))),
    tax_status: determination?.status ?? ("none" as const),
    place_of_supply: determination?.placeOfSupply ?? null,
    bill_to: null,
    total,
    balance_applied: 0n,
    amount_paid: 0n,
    amount_due: total > 0n ? total : 0n,
    amount_credited: 0n,
    amount_refunded: 0n,
    collection: draft.collection,
    lines: draft.lines.map(draftLineView),
    issued_at: null,
    due_at: null,
    paid_at: null,
    next_attempt_at: null,
    processor_invoice_id: null,
    hosted_url: null,
    pdf_url: null,
    bank_transfer: null,
    created_at: null,
  };
}

export function draftLineView(line: DraftLine) {
  // Through the stored form, so that a preview prints exactly what the issued line will.
  return lineView({
    id: null,
    kind: line.kind,
    plan_key: line.planKey,
    price_key: line.priceKey,
    meter_key: line.meterKey,
    description: line.description,
    quantity: line.quantity.toFixed(),
    unit_amount: line.unitAmount?.toFixed() ?? null,
    amount: line.amount,
    period_start: line.period.start,
    period_end: line.period.end,
    proration: line.proration,
    explain: line.explain,
    discount: discountOf(line),
    tax: taxOf(line),
    discounts: line.discounts ?? [],
    taxes: line.taxes ?? [],
  });
}

type Shown = Omit<LineRow, "id" | "invoice_id" | "plan_version" | "group_key" | "round"> & { id: string | null };

export function lineView(line: Shown) {
  const {
    tiers = [],
    group = null,
    ...explain
  } = line.explain as { tiers?: Record<string, unknown>[]; group?: Record<string, string | null> | null };
  return {
    id: line.id,
    kind: line.kind,
    plan: line.plan_key,
    price: line.price_key,
    meter: line.meter_key,
    group,
    description: line.description,
    quantity: decimal(line.quantity),
    unit_amount: line.unit_amount === null ? null : decimal(line.unit_amount).toFixed(),
    amount: line.amount,
    discount: line.discount,
    discounts: line.discounts,
    tax: line.tax,
    taxes: line.taxes,
    period_start: formatInstant(line.period_start),
    period_end: formatInstant(line.period_end),
    proration: line.proration,
    tiers: tiers.map(tierView),
    explain,
  };
}

// Quantities are numbers with all their digits, unit prices decimal strings, as everywhere in the contract.
function tierView(tier: Record<string, unknown>) {
  const number = (value: unknown) => (value === null || value === undefined ? null : (parse(value) ?? value));
  const words = (value: unknown) => (value === null || value === undefined ? undefined : (parse(value)?.toFixed() ?? String(value)));
  return {
    up_to: number(tier.up_to),
    quantity: number(tier.quantity),
    unit_amount: words(tier.unit_amount),
    rate: words(tier.rate),
    flat_amount: words(tier.flat_amount),
    amount: words(tier.amount),
  };
}

function parse(value: unknown) {
  return typeof value === "object" && value !== null ? decimal(String(value)) : parseDecimal(value);
}
