/** What the operator decides of a row of a bank statement: it pays an invoice, is a tenant's without one, or is no payment of ours. */
import type { Tx } from "../../commit.ts";
import { invalidField, Refusal } from "../../errors.ts";
import { keepUnapplied } from "../payments/keep-receipt.ts";
import type { Received } from "../payments/receipt.ts";
import type { ReceiptRow } from "../payments/receipt-store.ts";
import { parseInstant } from "../time/instant.ts";
import { methodIn } from "./match-row.ts";
import { reconcile } from "./reconcile.ts";
import { findStatementLine, type StatementLine, updateStatementLine } from "./statement-store.ts";

interface Where {
  statementId: string;
  line: number;
}

/** With `invoiceId` the invoice is paid, without it the money is kept for the tenant. A row that was accepted so is answered as it is. */
export async function acceptRow(tx: Tx, input: Where & { tenantId: string; invoiceId: string | null }): Promise<StatementLine> {
  const row = await getRow(tx, input);
  if (row.status === "ignored") throw new Refusal("invalid_state", "The row is ignored.", { extra: { state: row.status } });
  const received = receivedOf(row);
  const { tenantId, invoiceId } = input;
  let receipt: ReceiptRow;
  try {
    receipt =
      invoiceId === null
        ? (await keepUnapplied(tx, { ...received, tenantId })).row
        : (await reconcile(tx, { ...received, tenantId, invoiceId })).row;
  } catch (error) {
    // Another currency is the row's, which the caller did not name.
    if (error instanceof Refusal && error.faults[0]?.path === "currency")
      throw invalidField("invoice", `is not in ${row.currency}, the currency of the row`);
    throw error;
  }
  if (row.status === "accepted") {
    if (row.receipt_id === receipt.id) return row;
    throw new Refusal("conflict", `The row was accepted for another: ${row.receipt_id}.`, { extra: { payment: row.receipt_id } });
  }
  const accepted: StatementLine = { ...row, status: "accepted", tenant_id: tenantId, receipt_id: receipt.id };
  await updateStatementLine(tx, accepted);
  return accepted;
}

export async function ignoreRow(tx: Tx, input: Where): Promise<StatementLine> {
  const row = await getRow(tx, input);
  if (row.status === "accepted") throw new Refusal("invalid_state", "The row was accepted.", { extra: { state: row.status } });
  const ignored: StatementLine = { ...row, status: "ignored" };
  await updateStatementLine(tx, ignored);
  return ignored;
}

async function getRow(tx: Tx, { statementId, line }: Where): Promise<StatementLine> {
  const row = await findStatementLine(tx, statementId, line, true);
  if (!row) throw new Refusal("not_found", "There is no such row.");
  return row;
}

/** A row that the bank gave no reference goes by its own content, so that it counts once as well. */
function receivedOf(row: StatementLine): Received {
  const receivedAt = parseInstant(`${row.booked_on}T00:00:00Z`);
  if (receivedAt === null) throw new Error(`the row ${row.statement_id} ${row.line} has no day`);
  return {
    method: methodIn(`${row.description} ${row.reference}`),
    reference: row.reference.slice(0, 140) || `STATEMENT-${row.booked_on}-${row.fingerprint.slice(0, 16)}`,
    amount: row.amount,
    currency: row.currency,
    receivedAt,
    note: row.description.slice(0, 500) || null,
  };
}
