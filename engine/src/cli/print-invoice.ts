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
  total: number | string;
  balance_applied: number | string;
  amount_paid: number | string;
  amount_due: number | string;
  lines: LineAnswer[];
}

export interface Party {
  name: string;
  plan: string;
  timeZone: string;
}

const WIDEST = 100;
const MARGIN = "  ";

export function printInvoice(invoice: InvoiceAnswer, party: Party, columns: number): string {
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
  page.row("Total", "", "", formatMinor(BigInt(invoice.total), invoice.currency), "bold");
  if (BigInt(invoice.balance_applied) !== 0n) page.row("From the balance", "", "", inMajor(invoice.balance_applied, invoice.currency));
  page.row("Paid", "", "", inMajor(invoice.amount_paid, invoice.currency));
  page.row("Due", "", "", inMajor(invoice.amount_due, invoice.currency));
  return page.done();
}

export function statusWords(status: string): string {
  return styleText(status === "paid" ? "green" : status === "open" ? "yellow" : "dim", status);
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
