/** The invoices of a run as a table, and what they come to. */
import { styleText } from "node:util";
import { decimal } from "../billing/money/decimal.ts";
import { inMajor } from "../billing/money/written.ts";
import type { InvoiceAnswer } from "./print-invoice.ts";
import { table } from "./table.ts";
import { cut } from "./wording.ts";

export interface RunRow {
  tenant: string;
  plan: string;
  invoice: InvoiceAnswer;
  /** What became of the payment, or when it is due. */
  note: string;
}

const WIDE = 110;
const NARROWEST_NAME = 10;
const MARGIN = "  ";

export function printRun(rows: readonly RunRow[], columns: number): string {
  let name = Math.max(...rows.map(({ tenant }) => tenant.length), NARROWEST_NAME);
  let lines = runTable(rows, name, columns >= WIDE);
  for (; name > NARROWEST_NAME && widest(lines) + MARGIN.length > columns; name--) lines = runTable(rows, name - 1, columns >= WIDE);
  const [head = "", rule = "", ...body] = lines;
  const painted = body.map((line) =>
    line.replace(/ {2}(paid|open)(?= {2}|$)/, (word) => styleText(word.endsWith("paid") ? "green" : "yellow", word)),
  );
  return [styleText("bold", head), styleText("dim", rule), ...painted].map((line) => `${MARGIN}${line}\n`).join("");
}

function widest(lines: readonly string[]): number {
  return Math.max(...lines.map((line) => line.length));
}

function runTable(rows: readonly RunRow[], name: number, wide: boolean): string[] {
  const header = ["tenant", "invoice", "plan", "usage", "total", "", "state", ...(wide ? ["payment"] : [])];
  return table(
    header,
    rows.map(({ tenant, plan, invoice, note }) => [
      cut(tenant, name),
      invoice.number,
      plan,
      inMajor(usageOf(invoice), invoice.currency),
      inMajor(invoice.total, invoice.currency),
      invoice.currency.toUpperCase(),
      invoice.status,
      ...(wide ? [note] : []),
    ]),
  )
    .trimEnd()
    .split("\n");
}

/** By currency: how many, how much of it usage, all of it, and what is paid. */
export function printSums(rows: readonly RunRow[]): string {
  const currencies = [...new Set(rows.map(({ invoice }) => invoice.currency))].sort();
  const sums = currencies.map((currency) => {
    const mine = rows.filter(({ invoice }) => invoice.currency === currency).map(({ invoice }) => invoice);
    const sum = (of: (invoice: InvoiceAnswer) => string | number) =>
      inMajor(
        mine.reduce((all, invoice) => all.plus(decimal(of(invoice))), decimal("0")),
        currency,
      );
    return [
      currency.toUpperCase(),
      mine.length,
      sum(usageOf),
      sum((invoice) => invoice.total),
      sum((invoice) => invoice.amount_paid),
      sum((invoice) => invoice.amount_due),
    ];
  });
  return table(["", "invoices", "usage", "total", "paid", "due"], sums)
    .trimEnd()
    .split("\n")
    .map((line, index) => `${MARGIN}${index === 0 ? styleText("bold", line) : index === 1 ? styleText("dim", line) : line}\n`)
    .join("");
}

function usageOf(invoice: InvoiceAnswer): string {
  return invoice.lines
    .filter((line) => line.kind === "usage")
    .reduce((sum, line) => sum.plus(decimal(line.amount)), decimal("0"))
    .toFixed();
}
