/** SQL of bank statements: their rows, and the invoices that rows may pay. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { toJson } from "../../http/json.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { Match, Payable } from "./match-row.ts";

export interface StatementRow {
  id: string;
  name: string | null;
  rows: number;
  credits: number;
  known: number;
  created_at: Instant;
}

export interface StatementLine {
  statement_id: string;
  line: number;
  fingerprint: string;
  booked_on: string;
  description: string;
  reference: string;
  currency: string;
  amount: bigint;
  status: "open" | "accepted" | "ignored";
  matches: Match[];
  tenant_id: string | null;
  receipt_id: string | null;
}

const PAYABLE = "i.id, i.tenant_id, t.name as tenant_name, i.number, i.currency, i.amount_due, i.status";

/** By numbers without punctuation. */
export async function findByNumbers(db: Database, numbers: readonly string[]): Promise<Payable[]> {
  if (numbers.length === 0) return [];
  return db.query<Payable>(
    `/* all tenants: a bank's statement has everybody's money */
     select ${PAYABLE} from invoices i join tenants t on t.id = i.tenant_id
     where i.number is not null and i.status <> 'draft' and regexp_replace(upper(i.number), '[^A-Z0-9]', '', 'g') = any($1)`,
    [numbers],
  );
}

export async function findByAmounts(db: Database, amounts: readonly bigint[]): Promise<Payable[]> {
  if (amounts.length === 0) return [];
  return db.query<Payable>(
    `/* all tenants: a bank's statement has everybody's money */
     select ${PAYABLE} from invoices i join tenants t on t.id = i.tenant_id
     where i.status in ('open', 'uncollectible') and i.amount_due = any($1)`,
    [amounts.map(String)],
  );
}

/** Invoices that were paid under one of these references before. */
export async function findByReferences(db: Database, keys: readonly string[]): Promise<(Payable & { reference_key: string })[]> {
  if (keys.length === 0) return [];
  return db.query<Payable & { reference_key: string }>(
    `/* all tenants: a bank's statement has everybody's money */
     select ${PAYABLE}, r.reference_key from receipts r join invoices i on i.id = r.invoice_id join tenants t on t.id = i.tenant_id
     where r.reference_key = any($1)`,
    [keys],
  );
}

export async function insertStatement(tx: Tx, row: StatementRow): Promise<void> {
  await tx.query("insert into bank_statements (id, name, rows, credits, known, created_at) values ($1, $2, $3, $4, $5, $6)", [
    row.id,
    row.name,
    row.rows,
    row.credits,
    row.known,
    formatInstant(row.created_at),
  ]);
}

export async function updateKnown(tx: Tx, id: string, known: number): Promise<void> {
  await tx.query("update bank_statements set known = $2 where id = $1", [id, known]);
}

/** Answers how many of them no statement had before. */
export async function insertStatementLines(tx: Tx, rows: readonly StatementLine[]): Promise<number> {
  const inserted = await tx.query(
    `/* no tenant: a row is a tenant's once it is accepted */
     insert into bank_statement_rows (statement_id, line, fingerprint, booked_on, description, reference, currency, amount, status, matches)
     select statement_id, line, fingerprint, booked_on, description, reference, currency, amount, 'open', matches
     from jsonb_to_recordset($1) as row (statement_id text, line integer, fingerprint text, booked_on date, description text, reference text,
       currency text, amount bigint, matches jsonb)
     on conflict (fingerprint) do nothing returning line`,
    [toJson(rows)],
  );
  return inserted.length;
}

export async function findStatement(db: Database, id: string): Promise<StatementRow | null> {
  const rows = await db.query<StatementRow>("select id, name, rows, credits, known, created_at from bank_statements where id = $1", [id]);
  return rows[0] ?? null;
}

const LINE = `statement_id, line, fingerprint, to_char(booked_on, 'YYYY-MM-DD') as booked_on, description, reference, currency, amount, status, matches,
  tenant_id, receipt_id`;

export async function listStatementLines(
  db: Database,
  statementId: string,
  filter: { status: string | null; after: string; limit: number },
): Promise<StatementLine[]> {
  return db.query<StatementLine>(
    `/* all tenants: the operator's own statement */
     select ${LINE} from bank_statement_rows where statement_id = $1 and line > $2 and ($3::text is null or status = $3) order by line limit $4`,
    [statementId, filter.after, filter.status, filter.limit],
  );
}

export async function findStatementLine(db: Database, statementId: string, line: number, lock = false): Promise<StatementLine | null> {
  const rows = await db.query<StatementLine>(
    `/* all tenants: the operator's own statement */
     select ${LINE} from bank_statement_rows where statement_id = $1 and line = $2${lock ? " for no key update" : ""}`,
    [statementId, line],
  );
  return rows[0] ?? null;
}

export async function updateStatementLine(tx: Tx, row: StatementLine): Promise<void> {
  await tx.query(
    `/* no tenant: a row becomes a tenant's here */
     update bank_statement_rows set status = $3, tenant_id = $4, receipt_id = $5 where statement_id = $1 and line = $2`,
    [row.statement_id, row.line, row.status, row.tenant_id, row.receipt_id],
  );
}

/** Of rows that were accepted as somebody's: the bank's text names who paid. The fingerprint still knows the row when it comes again. */
export async function eraseRowTexts(tx: Tx, tenantId: string): Promise<void> {
  await tx.query("update bank_statement_rows set description = '', matches = '[]' where tenant_id = $1", [tenantId]);
}
