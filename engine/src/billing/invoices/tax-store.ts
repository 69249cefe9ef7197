/** SQL of what tax engines outside answered, and of invoices that wait for them. */
import type { Tx } from "../../commit.ts";
import { type Database, onPlatform, type Pool } from "../../db/pool.ts";
import { toJson } from "../../http/json.ts";
import { newId } from "../../ids.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { LineTax } from "./invoice.ts";
import type { AnsweredSum, InvoiceAnswer, InvoiceQuestion } from "./tax-question.ts";

export interface AnswerRow extends Omit<InvoiceAnswer, "placeOfSupply"> {
  id: string;
  question: string;
  place_of_supply: string | null;
}

/** As JSON has them. */
type StoredSum = Pick<AnsweredSum, "code"> & { amount: number | string; taxes: readonly StoredTax[] };
type StoredTax = Omit<LineTax, "taxable" | "amount"> & { taxable: number | string; amount: number | string };

/** Those that no invoice has taken, the oldest first. `lock`: nobody else takes them meanwhile; those of others are passed over. */
export async function readAnswers(
  db: Database,
  questions: readonly InvoiceQuestion[],
  since: Instant,
  lock: boolean,
): Promise<Map<string, AnswerRow[]>> {
  const rows = await db.query<Omit<AnswerRow, "sums"> & { sums: readonly StoredSum[] }>(
    `select id, question, calculation, status, place_of_supply, sums from tax_answers
     where tenant_id = any($1) and question = any($2) and invoice_id is null and asked_at > $3 order by tax_answers.asked_at, id
     ${lock ? "for update skip locked" : ""}`,
    [[...new Set(questions.map((one) => one.tenantId))], questions.map((one) => one.hash), formatInstant(since)],
  );
  return Map.groupBy(
    rows.map((row) => ({ ...row, sums: row.sums.map(sumOf) })),
    (row) => row.question,
  );
}

function sumOf(sum: StoredSum): AnsweredSum {
  const taxes = sum.taxes.map((tax) => ({ ...tax, taxable: BigInt(tax.taxable), amount: BigInt(tax.amount) }));
  return { ...sum, amount: BigInt(sum.amount), taxes };
}

export async function insertAnswers(
  pool: Pool,
  engine: string,
  answers: readonly { question: InvoiceQuestion; answer: InvoiceAnswer }[],
  at: Instant,
): Promise<void> {
  if (answers.length === 0) return;
  await onPlatform(pool).query(
    `/* all tenants: each row with its own */
     insert into tax_answers (id, tenant_id, engine, question, calculation, status, place_of_supply, sums, asked_at)
     select a.id, a.tenant_id, $1, a.question, a.calculation, a.status, a.place, a.sums, $2
     from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::jsonb[]) as a (id, tenant_id, question, calculation, status, place, sums)`,
    [
      engine,
      formatInstant(at),
      answers.map(() => newId("taxAnswer")),
      answers.map(({ question }) => question.tenantId),
      answers.map(({ question }) => question.hash),
      answers.map(({ answer }) => answer.calculation),
      answers.map(({ answer }) => answer.status),
      answers.map(({ answer }) => answer.placeOfSupply),
      answers.map(({ answer }) => toJson(answer.sums)),
    ],
  );
}

export async function takeAnswers(tx: Tx, taken: readonly { answer: string; tenantId: string; invoiceId: string }[]): Promise<void> {
  if (taken.length === 0) return;
  const rows = await tx.query(
    `update tax_answers a set invoice_id = t.invoice_id from unnest($1::text[], $2::text[], $3::text[]) as t (id, tenant_id, invoice_id)
     where a.id = t.id and a.tenant_id = t.tenant_id and a.invoice_id is null returning a.id`,
    [taken.map((one) => one.answer), taken.map((one) => one.tenantId), taken.map((one) => one.invoiceId)],
  );
  if (rows.length !== taken.length) throw new Error("A tax answer was taken by two invoices");
}

/** Those that nobody took are of no use any more; the others stand behind an invoice. */
export async function forgetAnswers(pool: Pool, before: Instant): Promise<void> {
  await onPlatform(pool).query("/* all tenants: by age alone */ delete from tax_answers where invoice_id is null and asked_at < $1", [
    formatInstant(before),
  ]);
}

export interface WaitRow {
  tenant_id: string;
  engine: string;
  question: string;
  refused: boolean;
  reason: string;
  attempts: number;
  since: Instant;
  next_at: Instant;
}

export async function readWaits(pool: Pool, tenantIds: readonly string[]): Promise<Map<string, WaitRow>> {
  const rows = await onPlatform(pool).query<WaitRow>(
    "select tenant_id, engine, question, refused, reason, attempts, since, next_at from tax_waits where tenant_id = any($1)",
    [tenantIds],
  );
  return new Map(rows.map((row) => [row.tenant_id, row]));
}

/** Answers whether it is the first of its tenant. */
export async function putWait(tx: Tx, row: WaitRow): Promise<boolean> {
  const [put] = await tx.query<{ is_new: boolean }>(
    `insert into tax_waits (tenant_id, engine, question, refused, reason, attempts, since, next_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (tenant_id) do update set engine = excluded.engine, question = excluded.question, refused = excluded.refused, reason = excluded.reason,
       attempts = excluded.attempts, next_at = excluded.next_at
     returning (xmax = 0) as is_new`,
    [
      row.tenant_id,
      row.engine,
      row.question,
      row.refused,
      row.reason.slice(0, 1_000),
      row.attempts,
      formatInstant(row.since),
      formatInstant(row.next_at),
    ],
  );
  return put!.is_new;
}

export async function endWaits(db: Database, tenantIds: readonly string[]): Promise<void> {
  if (tenantIds.length > 0) await db.query("delete from tax_waits where tenant_id = any($1)", [tenantIds]);
}
