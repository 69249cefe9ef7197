/** The simulated year as tables: subscriptions, money, currencies; then what the proof of the books says, and their digest. */
import { styleText } from "node:util";
import { type Amount, NOTHING, plus, roundMinor, scale, toDecimal } from "../billing/money/amount.ts";
import { grouped, inMajor } from "../billing/money/written.ts";
import { formatInstant } from "../billing/time/instant.ts";
import type { CurrencySum } from "../simulation/year/books.ts";
import type { Digest } from "../simulation/year/digest.ts";
import type { Lived, Month } from "../simulation/year/live.ts";
import { table } from "./table.ts";
import type { Verdict } from "./verify/books.ts";
import { printReport } from "./verify/report.ts";

export interface Year extends Lived {
  seed: number;
  tenants: number;
  currencies: CurrencySum[];
  digest: Digest;
  verdicts: Verdict[];
  ok: boolean;
}

// Whole dollars: cents say nothing here, and each sum is rounded by itself.
const dollars = (cents: Amount) => grouped(roundMinor(scale(cents, 1n, 100n)).toString());
const count = (value: number) => value.toLocaleString("en");

export function printYear(year: Year, ms: number): string {
  const wrong = year.verdicts.filter(({ wrong }) => wrong > 0);
  const checked = year.verdicts.reduce((sum, { checked }) => sum + checked, 0);
  return [
    title("Subscriptions"),
    subscriptions(year.months),
    title("Invoices and money"),
    money(year.months),
    note("Dollars, at rates that are fixed for the year. Recurring revenue is of flat prices and seats, before discounts and taxes."),
    title("By currency, at the end"),
    currencies(year.currencies),
    note("Invoiced = paid + from balance + credited off + due + written off. Void invoices are left out."),
    wrong.length > 0
      ? `\n${printReport(wrong)}`
      : `\n${styleText("green", "The books are right")}: ${count(checked)} things were checked in ${year.verdicts.length} ways.\n`,
    `${count(year.tenants)} tenants, ${count(year.events)} events (and ${count(year.duplicates)} repeats, counted once), seed ${year.seed}, lived in ${(ms / 1_000).toFixed(1)} s.\n`,
    `Digest of the books: ${year.digest.sha256}\n`,
  ].join("");
}

const title = (text: string) => `\n${styleText("bold", text)}\n\n`;
const note = (text: string) => `${styleText("dim", text)}\n`;

function subscriptions(months: readonly Month[]): string {
  const rows = months.map((month, index) => [
    monthName(month),
    dollars(month.mrr),
    dollars(month.fresh),
    dollars(month.reactivation),
    dollars(month.expansion),
    dollars(month.contraction),
    dollars(month.churn),
    count(month.customers),
    count(month.lost),
    churnRate(months[index - 1]?.customers ?? 0, month.lost),
  ]);
  const sum = (of: (month: Month) => Amount) => dollars(months.map(of).reduce(plus, NOTHING));
  rows.push([
    "all",
    "",
    sum((month) => month.fresh),
    sum((month) => month.reactivation),
    sum((month) => month.expansion),
    sum((month) => month.contraction),
    sum((month) => month.churn),
    "",
    count(months.reduce((total, month) => total + month.lost, 0)),
    "",
  ]);
  return withSum(table(["month", "MRR", "new", "back", "expansion", "contraction", "churn", "paying", "lost", "churn rate"], rows));
}

function churnRate(before: number, churned: number): string {
  return before === 0 ? "" : `${((churned / before) * 100).toFixed(1)}%`;
}

function money(months: readonly Month[]): string {
  const row = (name: string, of: readonly Month[]) => {
    const sum = (one: (month: Month) => Amount) => dollars(of.map(one).reduce(plus, NOTHING));
    const total = (one: (month: Month) => number) => count(of.reduce((all, month) => all + one(month), 0));
    return [
      name,
      total((month) => month.invoices),
      sum((month) => month.invoiced),
      sum((month) => month.collected),
      total((month) => month.failed),
      total((month) => month.recovered),
      total((month) => month.creditNotes),
      sum((month) => month.credited),
      sum((month) => month.refunded),
    ];
  };
  return withSum(
    table(
      ["month", "invoices", "invoiced", "collected", "failed", "recovered", "notes", "credited", "refunded"],
      [...months.map((month) => row(monthName(month), [month])), row("all", months)],
    ),
  );
}

function withSum(lines: string): string {
  const all = lines.trimEnd().split("\n");
  all.splice(-1, 0, all[1]!);
  return `${all.join("\n")}\n`;
}

function currencies(sums: readonly CurrencySum[]): string {
  return table(
    ["", "invoices", "invoiced", "paid", "from balance", "credited off", "due", "written off", "balance left"],
    sums.map((one) => [
      one.currency.toUpperCase(),
      count(one.invoices),
      ...[one.invoiced, one.paid, one.from_balance, one.credited_off, one.due, one.written_off, one.balance].map((minor) =>
        inMajor(minor, one.currency),
      ),
    ]),
  );
}

function monthName({ start }: Month): string {
  return formatInstant(start).slice(0, 7);
}

export function yearJson(year: Year): string {
  const cents = (value: Amount) => toDecimal(value, 4).toFixed();
  return `${JSON.stringify(
    {
      ok: year.ok,
      seed: year.seed,
      tenants: year.tenants,
      events: year.events,
      duplicates: year.duplicates,
      digest: year.digest.sha256,
      digest_parts: year.digest.parts,
      reporting_currency: "usd",
      months: year.months.map((month) => ({
        month: monthName(month),
        mrr: cents(month.mrr),
        new: cents(month.fresh),
        reactivation: cents(month.reactivation),
        expansion: cents(month.expansion),
        contraction: cents(month.contraction),
        churn: cents(month.churn),
        paying: month.customers,
        lost: month.lost,
        invoices: month.invoices,
        invoiced: cents(month.invoiced),
        collected: cents(month.collected),
        failed_payments: month.failed,
        recovered_invoices: month.recovered,
        credit_notes: month.creditNotes,
        credited: cents(month.credited),
        refunded: cents(month.refunded),
      })),
      currencies: year.currencies,
      checks: year.verdicts,
    },
    null,
    2,
  )}\n`;
}
