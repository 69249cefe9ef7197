/** Puts taxes on lines that are discounted: by rates that are known here, or by what a tax engine outside answered of exactly these lines. */
import type { Context } from "../../context.ts";
import type { Database } from "../../db/pool.ts";
import { NeedsOutside } from "../../outside.ts";
import type { BillTo } from "../tenants/store.ts";
import { type DraftInvoice, discountOf, type LineTax } from "./invoice.ts";
import { taxLine } from "./tax.ts";
import type { Determination, OutsideTaxEngine, RateEngine, TaxBuyer } from "./tax-engine.ts";
import { type AnsweredSum, type InvoiceQuestion, type NetLine, questionOf, taxesOfLines } from "./tax-question.ts";
import { type AnswerRow, readAnswers } from "./tax-store.ts";

export interface Untaxed extends DraftInvoice {
  billTo: BillTo | null;
}

export interface TaxAnswerTaken {
  id: string;
  calculation: string | null;
  sums: readonly AnsweredSum[];
  /** Of each line. */
  codes: readonly string[];
}

interface Taxed {
  determination: Pick<Determination, "status" | "placeOfSupply">;
  taxAnswer: TaxAnswerTaken | null;
}

/** For so long (real time) an answer holds: what an engine reckons changes with the day. */
const FRESH_MS = 86_400_000;

export async function putTaxes<T extends Untaxed>(
  ctx: Context,
  db: Database,
  drafts: readonly T[],
  options: { lock: boolean; onlyRates?: boolean },
): Promise<(T & Taxed)[]> {
  const { taxes } = ctx;
  if (taxes.kind === "outside" && options.onlyRates) return drafts.map((draft) => ({ ...draft, determination: UNTAXED, taxAnswer: null }));
  return taxes.kind === "rates" ? byRates(taxes, drafts) : byAnswers(ctx, taxes, db, drafts, options);
}

const UNTAXED: Determination = { status: "none", taxes: [], placeOfSupply: null };

async function byRates<T extends Untaxed>(engine: RateEngine, drafts: readonly T[]): Promise<(T & Taxed)[]> {
  const buyers = [...new Map(drafts.flatMap(({ billTo }) => (billTo ? [[billTo.id, billTo] as const] : []))).values()];
  const determinations = await engine.determine(
    buyers.map((buyer) => ({
      country: buyer.address?.country ?? null,
      region: buyer.address?.state ?? null,
      taxId: buyer.tax_id,
      exempt: buyer.tax_exempt,
    })),
  );
  const byTenant = new Map(buyers.map((buyer, index) => [buyer.id, determinations[index]!]));
  return drafts.map((draft) => {
    const determination = byTenant.get(draft.tenantId) ?? UNTAXED;
    const lines = draft.lines.map((line) => ({ ...line, taxes: taxLine(line.amount - discountOf(line), determination.taxes) }));
    return { ...draft, lines, determination, taxAnswer: null };
  });
}

/** Throws `NeedsOutside` where an answer lacks. Drafts that are alike each take one of their own. */
async function byAnswers<T extends Untaxed>(
  ctx: Context,
  engine: OutsideTaxEngine,
  db: Database,
  drafts: readonly T[],
  options: { lock: boolean },
): Promise<(T & Taxed)[]> {
  const asked = drafts.map((draft) => ask(ctx, engine, draft));
  const questions = asked.flatMap(({ question }) => question ?? []);
  const answers =
    questions.length === 0 ? new Map<string, AnswerRow[]>() : await readAnswers(db, questions, ctx.clock.now() - FRESH_MS, options.lock);
  const missing: InvoiceQuestion[] = [];
  const taxed = drafts.map((draft, index) => {
    const { question, net } = asked[index]!;
    const answer = question && answers.get(question.hash)?.shift();
    if (question && !answer) missing.push(question);
    const taxes: LineTax[][] = answer ? taxesOfLines(net, answer.sums) : [];
    return {
      ...draft,
      lines: draft.lines.map((line, position) => ({ ...line, taxes: taxes[position] ?? [] })),
      determination: { status: answer?.status ?? ("none" as const), placeOfSupply: answer?.place_of_supply ?? null },
      taxAnswer: answer ? { id: answer.id, calculation: answer.calculation, sums: answer.sums, codes: net.map(({ code }) => code) } : null,
    };
  });
  if (missing.length > 0) throw new NeedsOutside("The taxes", () => ctx.askTaxes(missing));
  return taxed;
}

function ask(ctx: Context, engine: OutsideTaxEngine, draft: Untaxed): { question: InvoiceQuestion | null; net: NetLine[] } {
  const net = draft.lines.map((line) => ({ code: engine.codeOf(line), net: line.amount - discountOf(line) }));
  const about = { tenantId: draft.tenantId, buyer: buyerOf(ctx, draft.billTo), currency: draft.currency };
  return { question: questionOf(engine.name, about, net), net };
}

/** A buyer whose country is not known is supplied where the seller is. */
function buyerOf(ctx: Context, billTo: BillTo | null): TaxBuyer {
  const { seller } = ctx.config;
  const address = billTo?.address ?? null;
  const known = address?.country != null;
  return {
    country: known ? address.country! : seller.country,
    region: known ? (address.state ?? null) : seller.region,
    city: known ? (address.city ?? null) : null,
    postalCode: known ? (address.postal_code ?? null) : null,
    line1: known ? (address.line1 ?? null) : null,
    line2: known ? (address.line2 ?? null) : null,
    taxId: billTo?.tax_id ?? null,
    exempt: billTo?.tax_exempt ?? false,
  };
}
