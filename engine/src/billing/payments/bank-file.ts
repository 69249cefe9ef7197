/**
 * A bank's statement as CSV: finds its columns by their names, and answers the rows that brought money. Everything odd is refused by
 * its line: what cannot be read must not become money, and what a spreadsheet would run must not be kept. Pure.
 */
import { createHash } from "node:crypto";
import { CsvError, parse } from "csv-parse/sync";
import { invalidField, type Refusal } from "../../errors.ts";
import { isCurrency } from "../money/currency.ts";
import { type Cell, type Point, pointOf, readAmount, type Unreadable } from "./bank-amount.ts";
import { type DayOrder, orderOf, readDay } from "./bank-day.ts";

export const MAX_ROWS = 100_000;
const HEADER_WITHIN = 40;
const MAX_CELL = 2_000;

const COLUMNS = ["date", "description", "reference", "payer", "credit", "debit", "amount", "side", "currency"] as const;
type Column = (typeof COLUMNS)[number];

/** Names of columns as a caller gives them, and how figures are written where nothing tells. */
export interface Mapping {
  columns?: Partial<Record<Column, string>> | undefined;
  decimal?: Point | undefined;
  date_order?: DayOrder | undefined;
  /** Of the account, where the file has no such column. */
  currency?: string | undefined;
}

export interface BankRow {
  line: number;
  /** Of its content, and of how often that came before in the file: two like payments of a day are two. */
  fingerprint: string;
  day: string;
  description: string;
  reference: string;
  currency: string;
  amount: bigint;
}

const NAMES: Record<Column, RegExp> = {
  date: /^(transaction|txn|tran|trans|value|booking|posting|entry|post)?date$|^(buchungstag|valuta|datum)$/,
  description:
    /^(transaction)?(description|narration|particulars|details|remarks|memo|text)$|^(transactiondetails|verwendungszweck|buchungstext|narrative)$/,
  reference:
    /^(bank)?(reference|ref|refno|referenceno|referencenumber|utr|utrno|utrnumber|transactionid|txnid|chqno|chequeno|chqrefno|chequerefno|chqrefnumber|refnochequeno|chequenumber)$/,
  payer: /^(payer|payername|sender|remitter|remittername|counterparty|counterpartyname|name|debtor|auftraggeber|paidby)$/,
  credit:
    /^(credit|credits|creditamount|creditamt|amountcredited|deposit|deposits|depositamt|depositamount|paidin|moneyin|cr|haben|gutschrift)$/,
  debit:
    /^(debit|debits|debitamount|debitamt|amountdebited|withdrawal|withdrawals|withdrawalamt|withdrawalamount|paidout|moneyout|dr|soll|belastung)$/,
  amount: /^(amount|transactionamount|txnamount|amt|betrag|umsatz|value)$/,
  side: /^(type|drcr|crdr|debitcredit|creditdebit|transactiontype|side|sollhaben)$/,
  currency: /^(currency|ccy|curr|wahrung|waehrung|currencycode)$/,
};

const folded = (name: string) =>
  name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "");
// In a spreadsheet's name for the currency: `Deposit Amt (INR)`.
const unbracketed = (name: string) => name.replace(/\([^)]*\)/g, "");

/** Bytes as text: UTF-8, with or without its mark. Throws a 422 that names the line where they are something else. */
export function decodeStatement(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const line = bytes[0] === 0xff || bytes[0] === 0xfe ? 1 : lineOfFirst(bytes);
    throw refusal({ line, message: "is not UTF-8; save the file as UTF-8" });
  }
}

/** Throws a 422 that names the line. `fallback`: the currency where neither file nor mapping says one. */
export function readStatement(text: string, mapping: Mapping): { rows: BankRow[]; lines: number } {
  if (text.includes("\0")) throw refusal({ line: text.slice(0, text.indexOf("\0")).split("\n").length, message: "has a NUL character" });
  const { table, places, header } = openTable(text, mapping);
  const body = table.slice(header + 1).filter(({ cells }) => cells.some((cell) => cell !== ""));
  if (body.length > MAX_ROWS)
    throw refusal({ line: body[MAX_ROWS]!.line, message: `is beyond the ${MAX_ROWS} rows that one statement may have` });
  for (const { line, cells } of body) for (const cell of cells) refuseHostile(line, cell);
  const cellOf = (row: Row, column: Column): Cell => ({ line: row.line, text: row.cells[places[column] ?? -1] ?? "" });
  const money: Column = places.credit === undefined ? "amount" : "credit";
  // What has no amount is a heading or a closing balance.
  const filled = body.filter((row) => cellOf(row, money).text !== "" && cellOf(row, "date").text !== "");
  const point = mapping.decimal ?? fine(pointOf(filled.map((row) => cellOf(row, money))));
  const order = mapping.date_order ?? fine(orderOf(filled.map((row) => cellOf(row, "date"))));
  const seen = new Map<string, number>();
  const rows = filled.flatMap((row) => {
    const currency = currencyOf(cellOf(row, "currency"), mapping);
    const amount = creditOf(cellOf(row, money), cellOf(row, "side").text, currency, point);
    if (amount <= 0n) return [];
    const day = fine(readDay(cellOf(row, "date"), order));
    const reference = cellOf(row, "reference").text.replace(/^[-0]+$/, "");
    const description = [cellOf(row, "description").text, cellOf(row, "payer").text].filter((part) => part !== "").join(" · ");
    const content = JSON.stringify([day, foldedText(description), foldedText(reference), currency, String(amount)]);
    const times = seen.get(content) ?? 0;
    seen.set(content, times + 1);
    const fingerprint = createHash("sha256").update(`${content}\n${times}`).digest("base64url");
    return [{ line: row.line, fingerprint, day, description, reference, currency, amount }];
  });
  return { rows, lines: body.length };
}

interface Row {
  line: number;
  cells: string[];
}

function openTable(text: string, mapping: Mapping): { table: Row[]; places: Partial<Record<Column, number>>; header: number } {
  for (const delimiter of [",", ";", "\t", "|"]) {
    const head = headOf(text, delimiter);
    if (!head.some((cells) => placesOf(cells, mapping) !== null)) continue;
    const table = tableOf(text, delimiter);
    const header = table.slice(0, HEADER_WITHIN).findIndex(({ cells }) => placesOf(cells, mapping) !== null);
    if (header >= 0) return { table, places: placesOf(table[header]!.cells, mapping)!, header };
  }
  tableOf(text, ",");
  throw refusal({
    line: 1,
    message: `begins no statement: of the first ${HEADER_WITHIN} lines, none names a date and a credit or amount; say mapping.columns`,
  });
}

/** The first lines, cut by the delimiter alone: enough to find the one with the names. */
function headOf(text: string, delimiter: string): string[][] {
  const lines = text
    .replace(/^\ufeff/, "")
    .split(/\r\n|\n|\r/)
    .filter((line) => line.trim() !== "");
  return lines.slice(0, HEADER_WITHIN).map((line) => line.split(delimiter).map((cell) => cell.trim().replace(/^"(.*)"$/s, "$1")));
}

function placesOf(cells: readonly string[], { columns = {} }: Mapping): Partial<Record<Column, number>> | null {
  const places: Partial<Record<Column, number>> = {};
  for (const column of COLUMNS) {
    const said = columns[column];
    const at = cells.findIndex((cell) =>
      said === undefined
        ? NAMES[column].test(folded(unbracketed(cell))) || NAMES[column].test(folded(cell))
        : folded(cell) === folded(said),
    );
    if (at >= 0) places[column] = at;
    else if (said !== undefined) return null;
  }
  return places.date !== undefined && (places.credit !== undefined || places.amount !== undefined) ? places : null;
}

function tableOf(text: string, delimiter: string): Row[] {
  const table: Row[] = [];
  try {
    parse(text, {
      bom: true,
      delimiter,
      relax_column_count: true,
      skip_empty_lines: true,
      // One more than may be, and the lines before the names.
      to: MAX_ROWS + HEADER_WITHIN + 2,
      max_record_size: 65_536,
      on_record: (record: string[], { lines }) => {
        table.push({ line: lines, cells: record.map((cell) => cell.trim()) });
        return null;
      },
    });
    return table;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error.lines === "number" ? error.lines : 1;
    throw refusal({ line, message: "is not CSV: a quote that does not end, or a row too long" });
  }
}

// What a spreadsheet would run, should somebody open there what was kept here.
function refuseHostile(line: number, cell: string): void {
  if (/^[=@]/.test(cell) || (/^[+-]/.test(cell) && /[=|!]|[A-Za-z]\(/.test(cell)))
    throw refusal({ line, message: `has a formula: ${JSON.stringify(cell.slice(0, 40))}` });
  if (cell.length > MAX_CELL) throw refusal({ line, message: `has a cell of more than ${MAX_CELL} characters` });
}

function creditOf(cell: Cell, side: string, currency: string, point: Point | null): bigint {
  const amount = fine(readAmount(cell, currency, point));
  // A debit beside a positive amount: the side says what the sign does not.
  return /^(dr?|debit|s|soll|withdrawal)\b/i.test(side.trim()) && amount > 0n ? -amount : amount;
}

function currencyOf({ line, text }: Cell, mapping: Mapping): string {
  const code = (text === "" ? (mapping.currency ?? "") : text).trim().toLowerCase();
  if (code === "") throw refusal({ line, message: "has no currency, and neither has the file; say mapping.currency" });
  if (!isCurrency(code)) throw refusal({ line, message: `has a currency that there is not: ${JSON.stringify(text.slice(0, 20))}` });
  return code;
}

function foldedText(text: string): string {
  return text.normalize("NFKC").toUpperCase().replace(/\s+/g, " ").trim();
}

function fine<T>(value: T | Unreadable): T {
  if (typeof value === "object" && value !== null && "message" in value) throw refusal(value);
  return value as T;
}

function refusal({ line, message }: Unreadable): Refusal {
  return invalidField("csv", `line ${line} ${message}`);
}

function lineOfFirst(bytes: Uint8Array): number {
  // Line by line: the first that does not decode.
  let line = 1;
  for (let from = 0; from < bytes.length; line++) {
    const end = bytes.indexOf(10, from);
    const upTo = end < 0 ? bytes.length : end;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(from, upTo));
    } catch {
      return line;
    }
    from = upTo + 1;
  }
  return line;
}
