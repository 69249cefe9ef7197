/** SQL of what a tax engine outside is to record: sales, and what is taken back of them. */
import type { Tx } from "../../commit.ts";
import { type Database, onPlatform, onPool, type Pool } from "../../db/pool.ts";
import { toJson } from "../../http/json.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { RecordedSum } from "./tax-engine.ts";

export interface TaxSum {
  code: string;
  amount: bigint;
  tax: bigint;
}

export interface TaxRecordRow {
  id: bigint;
  tenant_id: string;
  invoice_id: string;
  engine: string;
  kind: "sale" | "return" | "reversal";
  subject: string;
  currency: string;
  calculation: string | null;
  codes: readonly string[] | null;
  /** Above zero: what is sold, or taken back; null: all of the sale is. */
  sums: readonly TaxSum[] | null;
  status: "waiting" | "done" | "failed";
  reference: string | null;
  recorded: readonly RecordedSum[] | null;
  sale_id: bigint | null;
  attempts: number;
}

const RECORD =
  "id, tenant_id, invoice_id, engine, kind, subject, currency, calculation, codes, sums, status, reference, recorded, sale_id, attempts";

export type NewTaxRecord = Pick<
  TaxRecordRow,
  "tenant_id" | "invoice_id" | "engine" | "kind" | "subject" | "currency" | "calculation" | "codes" | "sums"
>;

/** What is there already stays. Answers how many are new. */
export async function insertTaxRecords(tx: Tx, rows: readonly NewTaxRecord[], at: Instant): Promise<number> {
  if (rows.length === 0) return 0;
  const json = (value: unknown) => (value === null ? null : toJson(value));
  const made = await tx.query(
    `insert into tax_records (tenant_id, invoice_id, engine, kind, subject, currency, calculation, codes, sums, status, next_at, created_at)
     select r.tenant_id, r.invoice_id, r.engine, r.kind, r.subject, r.currency, r.calculation, r.codes, r.sums, 'waiting', $10, $10
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[], $9::jsonb[])
       as r (tenant_id, invoice_id, engine, kind, subject, currency, calculation, codes, sums)
     on conflict (invoice_id, kind, subject) do nothing returning id`,
    [
      rows.map((row) => row.tenant_id),
      rows.map((row) => row.invoice_id),
      rows.map((row) => row.engine),
      rows.map((row) => row.kind),
      rows.map((row) => row.subject),
      rows.map((row) => row.currency),
      rows.map((row) => row.calculation),
      rows.map((row) => json(row.codes)),
      rows.map((row) => json(row.sums)),
      formatInstant(at),
    ],
  );
  return made.length;
}

export async function findSale(db: Database, invoiceId: string, tenantId: string): Promise<TaxRecordRow | null> {
  const rows = await db.query<TaxRecordRow>(
    `select ${RECORD} from tax_records where invoice_id = $1 and tenant_id = $2 and kind = 'sale'`,
    [invoiceId, tenantId],
  );
  return rows[0] ?? null;
}

export async function hasReturns(db: Database, invoiceId: string, tenantId: string): Promise<boolean> {
  const rows = await db.query("select id from tax_records where invoice_id = $1 and tenant_id = $2 and kind = 'return' limit 1", [
    invoiceId,
    tenantId,
  ]);
  return rows.length > 0;
}

/** Takes what is due, of each tenant only what is first; `attempts` tells one claim from the next. */
export async function claimTaxRecords(pool: Pool, now: Instant, until: Instant, limit: number): Promise<TaxRecordRow[]> {
  return onPlatform(pool).query<TaxRecordRow>(
    `/* all tenants: the worker tells for everybody */
     update tax_records set claimed_until = $2, attempts = attempts + 1
     where id in (select r.id from tax_records r
                  where r.status = 'waiting' and r.next_at <= $1 and (r.claimed_until is null or r.claimed_until < $1)
                    and not exists (select 1 from tax_records e where e.tenant_id = r.tenant_id and e.status = 'waiting' and e.id < r.id)
                  order by r.next_at, r.id limit $3 for update skip locked)
     returning ${RECORD}`,
    [formatInstant(now), formatInstant(until), limit],
  );
}

export interface TaxRecordEnd {
  status: TaxRecordRow["status"];
  reference: string | null;
  recorded: readonly RecordedSum[] | null;
  saleId: bigint | null;
  error: string | null;
  nextAt: Instant;
}

/** Nothing where somebody else has taken it since. Answers whether it was this claim's. */
export async function finishTaxRecord(db: Database, row: TaxRecordRow, end: TaxRecordEnd, at: Instant): Promise<boolean> {
  const rows = await db.query(
    `update tax_records set status = $4, reference = $5, recorded = $6, sale_id = $7, error = $8, next_at = $9, claimed_until = null,
       done_at = case when $4 <> 'waiting' then $10::timestamptz end
     where id = $1 and tenant_id = $2 and attempts = $3 and status = 'waiting' returning id`,
    [
      row.id.toString(),
      row.tenant_id,
      row.attempts,
      end.status,
      end.reference,
      end.recorded === null ? null : toJson(end.recorded),
      end.saleId?.toString() ?? null,
      end.error?.slice(0, 1_000) ?? null,
      formatInstant(end.nextAt),
      formatInstant(at),
    ],
  );
  return rows.length > 0;
}

/** Sales of the tenant that are recorded, the last first, with what was taken back of each. */
export async function readSales(pool: Pool, row: TaxRecordRow, limit: number): Promise<(TaxRecordRow & { back: readonly TaxSum[] })[]> {
  return onPool(pool).query<TaxRecordRow & { back: readonly TaxSum[] }>(
    `select ${RECORD}, coalesce((select jsonb_agg(s) from tax_records b, jsonb_array_elements(b.sums) s
                                 where b.sale_id = tax_records.id and b.tenant_id = tax_records.tenant_id and b.status = 'done'), '[]') as back
     from tax_records
     where tenant_id = $1 and engine = $2 and currency = $3 and kind = 'sale' and status = 'done' and recorded is not null and id < $4
       and not exists (select 1 from tax_records v where v.sale_id = tax_records.id and v.tenant_id = tax_records.tenant_id and v.status = 'done' and v.sums is null)
     order by tax_records.id desc limit $5`,
    [row.tenant_id, row.engine, row.currency, row.id.toString(), limit],
  );
}
