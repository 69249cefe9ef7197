/** What an invoice says on paper and on its public page: words and amounts in their order, without any form. Pure. */
import { formatMinor } from "../money/currency.ts";
import { decimal } from "../money/decimal.ts";
import { grouped, inMajor } from "../money/written.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { CreditNoteRow } from "./credit-store.ts";
import { type LineAnswer, roundingOf, stepsOf } from "./explain-line.ts";
import { moneyText } from "./money-text.ts";
import type { InvoiceRow, LineRow } from "./store.ts";
import { transferLines, transferOf } from "./transfer.ts";
import { lineView, taxesOf } from "./view.ts";

export interface PaperSeller {
  name: string | null;
  address: string | null;
  country: string | null;
  region: string | null;
  taxId: string | null;
  bankDetails?: string | null;
}

/** A part of what made a line's amount; what it has no number for is empty. */
export interface PaperStep {
  what: string;
  quantity: string;
  unit: string;
  amount: string;
}

export interface PaperRow {
  description: string;
  period: string;
  quantity: string;
  unit: string;
  amount: string;
  steps: PaperStep[];
}

export interface Paper {
  title: string;
  status: string;
  /** What is owed, in one line, and what is to be known of it. */
  standing: { headline: string; detail: string };
  seller: string[];
  buyer: string[];
  facts: [name: string, value: string][];
  rows: PaperRow[];
  totals: { name: string; value: string; strong: boolean }[];
  /** Credit notes, the oldest first. */
  credits: { number: string; day: string; reason: string; amount: string }[];
  /** How to pay by bank transfer; of nothing that is charged to a payment method, nor of what is paid. */
  transfer: string[];
  notes: string[];
}

export interface PaperParts {
  row: InvoiceRow;
  lines: readonly LineRow[];
  /** Its credit notes, the newest first. */
  credits: readonly CreditNoteRow[];
  seller: PaperSeller;
}

/** `printable`: whether the fonts have all characters of a text; a currency's symbol that they have not is its code. */
export function paperOf({ row, lines, credits, seller }: PaperParts, printable: (text: string) => boolean): Paper {
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
    standing: standingOf(row, money),
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
      quantity: grouped(line.quantity),
      unit: unit(line.unit_amount),
      amount: money(line.amount),
      steps: stepsOn(line, row.currency, money),
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
    credits: credits
      .map((note) => ({ number: note.number, day: day(note.created_at), reason: note.reason ?? "", amount: money(-note.total) }))
      .reverse(),
    transfer: transferLines(transferOf(row, seller)),
    notes: [
      ...(row.tax_status === "reverse_charge" ? ["Reverse charge: the recipient owes the tax."] : []),
      ...(row.tax_status === "exempt" ? ["Exempt from tax."] : []),
      ...(row.refunded === 0n ? [] : [`Of what was paid, ${money(row.refunded)} was given back.`]),
      ...(row.status === "void" ? ["This invoice was voided. Nothing is owed."] : []),
    ],
  };
}

function standingOf(row: InvoiceRow, money: (amount: bigint) => string): Paper["standing"] {
  switch (row.status) {
    case "draft":
      return { headline: "Draft", detail: "Not issued yet: amounts may change." };
    case "void":
      return { headline: "Void", detail: `Voided on ${day(row.voided_at)}.` };
    case "paid":
      if (row.total < 0n) return { headline: `${money(-row.total)} in your favour`, detail: "It is kept for the invoices to come." };
      return { headline: "Paid", detail: `Nothing is owed since ${day(row.paid_at)}.` };
    case "uncollectible":
      return { headline: `${money(row.amount_due)} was not paid`, detail: "It is no longer collected." };
    case "open":
      return { headline: `${money(row.amount_due)} due`, detail: dueWords(row) };
  }
}

function dueWords(row: InvoiceRow): string {
  if (row.collection === "send_invoice") return `Please pay by ${day(row.due_at)}.`;
  if (row.failed_at === null) return "It is charged to your payment method.";
  const again = row.next_attempt_at === null ? "" : ` It is tried again on ${day(row.next_attempt_at)}.`;
  return `The last payment failed.${again}`;
}

function stepsOn(line: LineRow, currency: string, money: (amount: bigint) => string): PaperStep[] {
  // Its types are looser only where a stored explanation is: what rating wrote there is what the words are made for.
  const answer = lineView(line) as unknown as LineAnswer;
  const rounding = roundingOf(answer, currency);
  const empty = { quantity: "", unit: "", amount: "" };
  return [
    ...stepsOf(answer, currency).map(({ what, quantity = "", price = "", amount }) => ({
      what,
      quantity,
      unit: price,
      amount: amount === undefined ? "" : inMajor(amount, currency),
    })),
    ...(rounding === null ? [] : [{ ...empty, what: rounding }]),
    ...line.discounts.map(({ name, amount }) => ({ ...empty, what: `Discount: ${name}`, amount: money(-BigInt(amount)) })),
    ...line.taxes.map(({ name, percent, inclusive, taxable, amount }) => ({
      ...empty,
      what: `${name} ${percent} % of ${money(BigInt(taxable))}${inclusive ? ", included" : ""}`,
      amount: money(BigInt(amount)),
    })),
  ];
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
