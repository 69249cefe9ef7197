/** What an invoice says on paper and on its public page: words and amounts in their order, without any form. Pure. */
import { formatMinor } from "../money/currency.ts";
import { decimal } from "../money/decimal.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import { moneyText } from "./money-text.ts";
import type { InvoiceRow, LineRow } from "./store.ts";
import { taxesOf } from "./view.ts";

export interface PaperSeller {
  name: string | null;
  address: string | null;
  country: string | null;
  region: string | null;
  taxId: string | null;
}

export interface Paper {
  title: string;
  status: string;
  seller: string[];
  buyer: string[];
  facts: [name: string, value: string][];
  rows: { description: string; period: string; quantity: string; unit: string; amount: string }[];
  totals: { name: string; value: string; strong: boolean }[];
  notes: string[];
}

/** `printable`: whether the fonts have all characters of a text; a currency's symbol that they have not is its code. */
export function paperOf(row: InvoiceRow, lines: readonly LineRow[], seller: PaperSeller, printable: (text: string) => boolean): Paper {
  const money = (amount: bigint) => {
    const text = moneyText(amount, row.currency);
    return printable(text) ? text : formatMinor(amount, row.currency);
  };
  const unit = (text: string | null) => {
    if (text === null) return "";
    const words = moneyText(decimal(text), row.currency);
    return printable(words) ? words : `${decimal(text).toFixed()} (minor units)`;
  };
  const total = (name: string, amount: bigint, strong = false) => ({ name, value: money(amount), strong });
  return {
    title: row.number === null ? "Draft invoice" : `Invoice ${row.number}`,
    status: row.status,
    seller: present([seller.name, ...(seller.address?.split("\n") ?? []), seller.region, seller.country, taxLine(seller.taxId)]),
    buyer: buyerOf(row),
    facts: [
      ["Issued", day(row.issued_at)],
      ["Due", day(row.due_at)],
      ["Period", span(row.period_start, row.period_end)],
      ...(row.place_of_supply === null ? [] : ([["Place of supply", row.place_of_supply]] as [string, string][])),
    ],
    rows: lines.map((line) => ({
      description: line.description,
      period: span(line.period_start, line.period_end),
      quantity: decimal(line.quantity).toFixed(),
      unit: unit(line.unit_amount),
      amount: money(line.amount),
    })),
    totals: [
      total("Subtotal", row.subtotal),
      ...(row.discount === 0n ? [] : [total("Discount", -row.discount)]),
      ...taxesOf(lines).map((tax) => total(`${tax.name} ${tax.percent} %${tax.inclusive ? " (included)" : ""}`, tax.amount)),
      total("Total", row.total, true),
      ...(row.balance_applied === 0n ? [] : [total("From your balance", -row.balance_applied)]),
      ...(row.amount_offset === 0n ? [] : [total("Credit notes", -row.amount_offset)]),
      ...(row.amount_paid === 0n ? [] : [total("Paid", -row.amount_paid)]),
      total("Amount due", row.amount_due, true),
    ],
    notes: [
      ...(row.tax_status === "reverse_charge" ? ["Reverse charge: the recipient owes the tax."] : []),
      ...(row.tax_status === "exempt" ? ["Exempt from tax."] : []),
      ...(row.status === "void" ? ["This invoice was voided. Nothing is owed."] : []),
    ],
  };
}

function buyerOf({ bill_to: to, tenant_id }: InvoiceRow): string[] {
  const address = to?.address;
  const town = present([address?.postal_code ?? null, address?.city ?? null]).join(" ");
  return present([
    to?.name ?? tenant_id,
    address?.line1 ?? null,
    address?.line2 ?? null,
    town,
    address?.state ?? null,
    address?.country ?? null,
    taxLine(to?.tax_id ?? null),
    to?.email ?? null,
  ]);
}

function taxLine(id: string | null): string | null {
  return id === null ? null : `Tax ID ${id}`;
}

function present(texts: readonly (string | null)[]): string[] {
  return texts.filter((text): text is string => text !== null && text.trim() !== "");
}

function day(at: Instant | null): string {
  return at === null ? "" : formatInstant(at).slice(0, 10);
}

function span(start: Instant, end: Instant): string {
  return start === end ? day(start) : `${day(start)} – ${day(end)}`;
}
