/** One invoice in full, with what made each amount, as wide as the terminal but never wider than a page. */
import { styleText } from "node:util";
import { type LineAnswer, roundingOf, stepsOf } from "../billing/invoices/explain-line.ts";
import { formatMinor } from "../billing/money/currency.ts";
import { grouped, inMajor } from "../billing/money/written.ts";
import { cut, localDate } from "./wording.ts";

/** An invoice as the API answers it. */
export interface InvoiceAnswer {
  id: string;
  tenant_id: string;
  number: string | null;
  status: string;
  reason: string;
  currency: string;
  period_start: string;
  period_end: string;
  subtotal: Minor;
  discount: Minor;
  tax: Minor;
  taxes: { name: string; percent: string; inclusive: boolean; amount: Minor }[];
  tax_status: string;
  total: Minor;
  balance_applied: Minor;
  amount_paid: Minor;
  amount_due: Minor;
  amount_credited: Minor;
  amount_refunded: Minor;
  lines: (LineAnswer & { discounts: { coupon: string; name: string; amount: Minor }[] })[];
}

/** A credit note of it, as the API answers it. */
export interface NoteAnswer {
  number: string;
  total: Minor;
  to_balance: Minor;
  refunded: Minor;
  offset: Minor;
  reason: string | null;
}

type Minor = number | string;

export interface Party {
  name: string;
  plan: string;
  timeZone: string;
}

const WIDEST = 100;
const MARGIN = "  ";

/** `notes`: its credit notes, newest first. */
export function printInvoice(invoice: InvoiceAnswer, party: Party, columns: number, notes: readonly NoteAnswer[] = []): string {
  const width = Math.min(columns, WIDEST) - MARGIN.length * 2;
  const page = new Page(width);
  page.ends(
    styleText("bold", `Invoice ${invoice.number}`),
    statusWords(invoice.status),
    `Invoice ${invoice.number}`.length,
    invoice.status.length,
  );
  const dates = `${localDate(invoice.period_start, party.timeZone)} to ${localDate(invoice.period_end, party.timeZone, true)}`;
  page.text(cut(`${party.name}, on ${party.plan} · ${dates} in ${party.timeZone}`, width), "dim");
  for (const [period, lines] of byPeriod(invoice.lines)) {
    page.rule();
    page.text(
      `${localDate(lines[0]!.period_start, party.timeZone)} to ${localDate(lines[0]!.period_end, party.timeZone)}: ${period}`,
      "cyan",
    );
    for (const line of lines) addLine(page, line, invoice.currency);
  }
  page.rule();
  addTotals(page, invoice);
  addSettlement(page, invoice, notes);
  return page.done();
}

export function statusWords(status: string): string {
  return styleText(status === "paid" ? "green" : status === "open" ? "yellow" : "dim", status);
}

const NO_TAX: Readonly<Record<string, string>> = {
  exempt: "No tax: exempt",
  reverse_charge: "No tax: the customer owes it (reverse charge)",
};

/** What makes the total of the lines: a row for each discount and each tax. */
function addTotals(page: Page, { currency, ...invoice }: InvoiceAnswer): void {
  const row = (what: string, minor: Minor | bigint) => page.row(what, "", "", inMajor(minor.toString(), currency));
  const { discounts, taxes } = { discounts: discountsOf(invoice.lines), taxes: invoice.taxes };
  if (discounts.length > 0 || taxes.length > 0) row("Lines", invoice.subtotal);
  for (const { name, amount } of discounts) row(`Discount: ${name}`, -amount);
  for (const tax of taxes) row(`${tax.name} ${tax.percent} %${tax.inclusive ? ", contained" : ""}`, tax.amount);
  const untaxed = NO_TAX[invoice.tax_status];
  if (untaxed !== undefined) page.text(untaxed, "dim");
  page.row("Total", "", "", formatMinor(BigInt(invoice.total), currency), "bold");
}

/** What became of the total: what was paid, given back and taken off, and what is left of it. */
function addSettlement(page: Page, invoice: InvoiceAnswer, notes: readonly NoteAnswer[]): void {
  const { currency } = invoice;
  const row = (what: string, minor: Minor | bigint) => page.row(what, "", "", inMajor(minor.toString(), currency));
  if (BigInt(invoice.balance_applied) !== 0n) row("From the balance", invoice.balance_applied);
  row("Paid", invoice.amount_paid);
  for (const note of notes.toReversed()) {
    row(`Credit note ${note.number}${note.reason === null ? "" : `: ${note.reason}`}`, -BigInt(note.total));
    const parts = [
      [note.offset, "off what was due"],
      [note.refunded, "given back"],
      [note.to_balance, "to the balance"],
    ] as const;
    const shown = parts.filter(([minor]) => BigInt(minor) !== 0n);
    for (const [minor, what] of shown) page.row(`  ${what}`, "", inMajor(minor, currency), "", "dim");
  }
  row("Due", invoice.amount_due);
}

function discountsOf(lines: InvoiceAnswer["lines"]): { name: string; amount: bigint }[] {
  const found = Map.groupBy(
    lines.flatMap((line) => line.discounts),
    ({ coupon, name }) => name || coupon,
  );
  return [...found].map(([name, parts]) => ({ name, amount: parts.reduce((sum, part) => sum + BigInt(part.amount), 0n) }));
}

function addLine(page: Page, line: LineAnswer, currency: string): void {
  const steps = stepsOf(line, currency);
  const counted = line.kind !== "flat" && line.kind !== "commitment" && line.explain.model !== "percentage";
  const unit = steps.length === 0 && counted && line.unit_amount !== null ? inMajor(line.unit_amount, currency) : "";
  page.row(line.description, counted ? grouped(line.quantity) : "", unit, inMajor(line.amount, currency));
  const places = Math.max(0, ...steps.map(({ amount }) => (amount === undefined ? 0 : digitsOf(inMajor(amount, currency)))));
  for (const step of steps) {
    page.row(
      `  ${step.what}`,
      step.quantity ?? "",
      step.price ?? "",
      step.amount === undefined ? "" : inMajor(step.amount, currency, places),
      "dim",
    );
  }
  const rounding = roundingOf(line, currency);
  if (rounding !== null) page.text(`  ${rounding}`, "dim");
}

function digitsOf(text: string): number {
  return text.split(".")[1]?.length ?? 0;
}

/** What was used and closed first, then what is paid ahead; each with its period. */
function byPeriod(lines: readonly LineAnswer[]): [string, LineAnswer[]][] {
  const starts = [...new Set(lines.map((line) => line.period_start))].sort();
  return starts.map((start) => {
    const mine = lines.filter((line) => line.period_start === start);
    return [mine.some((line) => line.kind === "usage") ? "what was used" : "paid in advance", mine];
  });
}

type Style = "bold" | "dim" | "cyan" | "none";

/** A page of four columns: what, how many, at what price, how much. */
class Page {
  readonly #lines: string[] = [];
  readonly #width: number;
  readonly #columns: [number, number, number, number];

  constructor(width: number) {
    this.#width = width;
    const [quantity, price, amount] = width >= 90 ? [18, 16, 18] : [14, 12, 15];
    this.#columns = [width - quantity - price - amount, quantity, price, amount];
  }

  row(what: string, quantity: string, price: string, amount: string, style: Style = "none"): void {
    const [first, ...rest] = this.#columns;
    // What is wider than its column takes from the one before it, where that is empty.
    const cells = [quantity, price, amount].map((text, index) => text.padStart(rest[index]!));
    const right = cells.join("");
    const room = this.#width - [...right].length;
    this.#push(cut(what, Math.min(first, room) - 1).padEnd(Math.min(first, room)) + right, style);
  }

  text(text: string, style: Style): void {
    this.#push(text, style);
  }

  /** Two texts at both ends, which may be coloured already; their widths without that. */
  ends(left: string, right: string, leftWidth: number, rightWidth: number): void {
    this.#push(left + " ".repeat(Math.max(1, this.#width - leftWidth - rightWidth)) + right, "none");
  }

  rule(): void {
    this.#push("─".repeat(this.#width), "dim");
  }

  done(): string {
    return this.#lines.join("");
  }

  #push(text: string, style: Style): void {
    const kept = text.trimEnd();
    this.#lines.push(`${MARGIN}${style === "none" ? kept : styleText(style, kept)}\n`);
  }
}
