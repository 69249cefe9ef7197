/** Stores the money that a bank's statement says came, each row once whatever the statement, with the invoices that it may be for. */
import type { Tx } from "../../commit.ts";
import { newId } from "../../ids.ts";
import type { BankRow } from "../payments/bank-file.ts";
import { foldReference } from "../payments/receipt.ts";
import { foldNumber, type Match, matchRow, type Payable, tokensOf } from "./match-row.ts";
import {
  findByAmounts,
  findByNumbers,
  findByReferences,
  insertStatement,
  insertStatementLines,
  type StatementRow,
  updateKnown,
} from "./statement-store.ts";

const CHUNK = 2_000;

export async function importStatement(
  tx: Tx,
  input: { name: string | null; lines: number; rows: readonly BankRow[] },
): Promise<StatementRow> {
  const { rows } = input;
  const statement: StatementRow = {
    id: newId("bankStatement"),
    name: input.name,
    rows: input.lines,
    credits: rows.length,
    known: 0,
    created_at: tx.now,
  };
  await insertStatement(tx, statement);
  const matchesOf = await matcher(tx, rows);
  let fresh = 0;
  for (let from = 0; from < rows.length; from += CHUNK) {
    fresh += await insertStatementLines(
      tx,
      rows.slice(from, from + CHUNK).map((row) => ({
        statement_id: statement.id,
        line: row.line,
        fingerprint: row.fingerprint,
        booked_on: row.day,
        description: row.description,
        reference: row.reference,
        currency: row.currency,
        amount: row.amount,
        status: "open",
        matches: matchesOf(row),
        tenant_id: null,
        receipt_id: null,
      })),
    );
  }
  statement.known = rows.length - fresh;
  if (statement.known > 0) await updateKnown(tx, statement.id, statement.known);
  return statement;
}

/** What the rows are matched with is read at once, not row by row. */
async function matcher(tx: Tx, rows: readonly BankRow[]): Promise<(row: BankRow) => Match[]> {
  const textOf = (row: BankRow) => `${row.description} ${row.reference}`;
  const tokens = new Set(rows.flatMap((row) => tokensOf(textOf(row))));
  const keys = new Set(rows.flatMap((row) => (row.reference === "" ? [] : [foldReference(row.reference)])));
  const numbered = Map.groupBy(await findByNumbers(tx, [...tokens]), (invoice) => foldNumber(invoice.number));
  const alike = Map.groupBy(await findByAmounts(tx, [...new Set(rows.map((row) => row.amount))]), (invoice) => priceOf(invoice));
  const recorded = Map.groupBy(await findByReferences(tx, [...keys]), (invoice) => invoice.reference_key);
  return (row) => {
    const text = textOf(row);
    return matchRow(
      { text, currency: row.currency, amount: row.amount },
      {
        number: tokensOf(text).flatMap((token) => numbered.get(token) ?? []),
        amount: alike.get(`${row.currency} ${row.amount}`) ?? [],
        reference: row.reference === "" ? [] : (recorded.get(foldReference(row.reference)) ?? []),
      },
    );
  };
}

function priceOf({ currency, amount_due }: Payable): string {
  return `${currency} ${amount_due}`;
}
