/**
 * The errand that has a tax engine outside record what was sold and what was taken back: once each, under references of ours, of each tenant
 * in order. What is given back on an invoice that sells less than it gives is taken off the tenant's last sales of the same code.
 */

import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPlatform, onPool } from "../../db/pool.ts";
import { wordsOf } from "../../errors.ts";
import { formatMinor } from "../money/currency.ts";
import { type OutsideTaxEngine, type RecordedSum, TaxRecorded, TaxRefused } from "./tax-engine.ts";
import {
  claimTaxRecords,
  findSale,
  finishTaxRecord,
  readSales,
  type TaxRecordEnd,
  type TaxRecordRow,
  type TaxSum,
} from "./tax-record-store.ts";

const LEASE_MS = 120_000;
const BATCH = 20;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 3_600_000;
const SALES = 50;

/** Answers how many were worked on. */
export async function recordTaxes(ctx: Context): Promise<number> {
  const { taxes } = ctx;
  if (taxes.kind === "rates") return 0;
  for (let count = 0; ; ) {
    const now = ctx.clock.now();
    const rows = await claimTaxRecords(ctx.pool, now, now + LEASE_MS, BATCH);
    if (rows.length === 0) return count;
    for (const row of rows) await work(ctx, taxes, row);
    count += rows.length;
  }
}

async function work(ctx: Context, engine: OutsideTaxEngine, row: TaxRecordRow): Promise<void> {
  const now = ctx.clock.now();
  const failed = (error: string): TaxRecordEnd => ({ status: "failed", reference: null, recorded: null, saleId: null, error, nextAt: now });
  const end = await told(ctx, engine, row).catch((error: unknown): TaxRecordEnd => {
    const words = wordsOf(error);
    if (error instanceof TaxRefused) return failed(words);
    if (error instanceof TaxRecorded) return { ...failed(words), status: "done" };
    ctx.log.warn({ err: error, invoice: row.invoice_id, kind: row.kind }, "the tax engine recorded nothing yet");
    const wait = Math.min(FIRST_WAIT_MS * 2 ** Math.min(row.attempts, 12), LONGEST_WAIT_MS);
    return { ...failed(words), status: "waiting", nextAt: now + wait };
  });
  if (end.status !== "failed") return void (await finishTaxRecord(onPlatform(ctx.pool), row, end, now));
  await commit(ctx, { principal: ENGINE, tenantId: row.tenant_id }, async (tx) => {
    if (!(await finishTaxRecord(tx, row, end, now))) return;
    tx.emit({
      type: "tax.record_failed",
      tenantId: row.tenant_id,
      subject: row.invoice_id,
      summary: `${row.engine} did not record the taxes of an invoice (${row.kind}); enter it there by hand: ${end.error}`,
      data: { engine: row.engine, invoice: row.invoice_id, kind: row.kind, reason: end.error },
    });
  });
}

async function told(ctx: Context, engine: OutsideTaxEngine, row: TaxRecordRow): Promise<TaxRecordEnd> {
  if (row.engine !== engine.name) throw new TaxRefused(`It is for ${row.engine}, and the tax engine is ${engine.name}.`);
  const done = { status: "done" as const, recorded: null, saleId: null, error: null, nextAt: ctx.clock.now() };
  if (row.kind === "sale") {
    const { invoice_id: reference, calculation, currency } = row;
    const codes = (row.sums ?? []).map(({ code }) => code);
    const sale = await engine.record({ reference, calculation: calculation ?? "", currency, codes });
    return { ...done, reference: sale.reference, recorded: sale.sums };
  }
  const sale = row.kind === "reversal" ? await findSale(onPool(ctx.pool), row.invoice_id, row.tenant_id) : await soldBefore(ctx, row);
  if (!sale?.reference || !sale.recorded) throw new TaxRefused(`No sale is recorded that ${sumsInWords(row)} could be taken off.`);
  const { recorded } = sale;
  const { reference } = await engine.reverse({
    reference: row.kind === "return" ? `${row.invoice_id}-return-${row.subject}` : `${row.invoice_id}-${row.subject}`,
    sale: sale.reference,
    currency: row.currency,
    sums: row.sums === null ? null : row.sums.flatMap((sum) => partOf(sum, recorded)),
  });
  return { ...done, reference, saleId: sale.id };
}

/** Of a code that is not recorded nothing can be taken back. */
function partOf({ code, amount, tax }: TaxSum, recorded: readonly RecordedSum[]): RecordedSum[] {
  const whole = recorded.find((one) => one.code === code);
  if (!whole) throw new TaxRefused(`Nothing was sold under ${code === "" ? "the default code" : code}.`);
  return BigInt(amount) === 0n && BigInt(tax) === 0n
    ? []
    : [{ code, amountMinor: BigInt(amount), taxMinor: BigInt(tax), line: whole.line }];
}

/** The last sale of which enough of each code is left. */
async function soldBefore(ctx: Context, row: TaxRecordRow): Promise<TaxRecordRow | null> {
  const sales = await readSales(ctx.pool, row, SALES);
  const wanted = row.sums ?? [];
  const has = (sale: (typeof sales)[number]) =>
    wanted.every(({ code, amount, tax }) => {
      const sold = sale.recorded?.find((one) => one.code === code);
      const back = sale.back.filter((one) => one.code === code);
      const left = (whole: bigint, part: "amount" | "tax") => back.reduce((sum, one) => sum - BigInt(one[part]), BigInt(whole));
      return sold !== undefined && left(sold.amountMinor, "amount") >= BigInt(amount) && left(sold.taxMinor, "tax") >= BigInt(tax);
    });
  return sales.find(has) ?? null;
}

function sumsInWords({ sums, currency }: TaxRecordRow): string {
  if (sums === null) return "it";
  return sums
    .map(({ amount, tax }) => `${formatMinor(BigInt(amount), currency)} (tax ${formatMinor(BigInt(tax), currency)})`)
    .join(" and ");
}
