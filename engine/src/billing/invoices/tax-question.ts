/**
 * What is asked of a tax engine outside about one invoice, and its answer put on the lines. Lines of one code are asked about in their sum,
 * for a line may give back a part of what another one sells; a code that gives back more than it sells is asked about by its amount, and
 * what the engine answers is given back. Pure.
 */
import { createHash } from "node:crypto";
import { toJson } from "../../http/json.ts";
import { amount, roundMinor, scale } from "../money/amount.ts";
import type { LineTax } from "./invoice.ts";
import type { TaxAnswer, TaxBuyer, TaxedSum, TaxQuestion, TaxStatus } from "./tax-engine.ts";

/** A line after discounts. */
export interface NetLine {
  code: string;
  net: bigint;
}

export interface InvoiceQuestion {
  tenantId: string;
  /** What of the invoice sells, and what gives back: each a question of its own, null where there is none of it. */
  sells: TaxQuestion | null;
  returns: TaxQuestion | null;
  /** Of all that the answer depends on. */
  hash: string;
}

/** Of both questions, by code, as invoices have it: what is given back is below zero. */
export interface InvoiceAnswer {
  status: TaxStatus;
  placeOfSupply: string | null;
  /** The engine's name of what it reckoned for what is sold; null: nothing is. */
  calculation: string | null;
  sums: readonly AnsweredSum[];
}

export interface AnsweredSum {
  code: string;
  amount: bigint;
  taxes: readonly LineTax[];
}

export function sumsOf(lines: readonly NetLine[]): { code: string; amount: bigint }[] {
  const sums = new Map<string, bigint>();
  for (const { code, net } of lines) sums.set(code, (sums.get(code) ?? 0n) + net);
  return [...sums].map(([code, sum]) => ({ code, amount: sum })).sort((a, b) => (a.code < b.code ? -1 : 1));
}

/** null: nothing is sold or given back, so nobody need be asked. */
export function questionOf(
  engine: string,
  about: { tenantId: string; buyer: TaxBuyer; currency: string },
  lines: readonly NetLine[],
): InvoiceQuestion | null {
  const sums = sumsOf(lines);
  const asked = (wanted: (sum: bigint) => boolean): TaxQuestion | null => {
    const mine: TaxedSum[] = sums.flatMap(({ code, amount: sum }) => (wanted(sum) ? [{ code, amountMinor: sum < 0n ? -sum : sum }] : []));
    return mine.length === 0 ? null : { buyer: about.buyer, currency: about.currency, sums: mine };
  };
  const sells = asked((sum) => sum > 0n);
  const returns = asked((sum) => sum < 0n);
  if (!sells && !returns) return null;
  const hash = createHash("sha256")
    .update(toJson([engine, about.tenantId, sells, returns]))
    .digest("hex");
  return { tenantId: about.tenantId, sells, returns, hash };
}

export function answerOf(question: InvoiceQuestion, sells: TaxAnswer | null, returns: TaxAnswer | null): InvoiceAnswer {
  const { country, region } = (question.sells ?? question.returns)!.buyer;
  const sums = [
    ...(question.sells?.sums ?? []).map(({ code, amountMinor }, index) => ({
      code,
      amount: amountMinor,
      taxes: sells?.taxes[index] ?? [],
    })),
    ...(question.returns?.sums ?? []).map(({ code, amountMinor }, index) => ({
      code,
      amount: -amountMinor,
      taxes: (returns?.taxes[index] ?? []).map((tax) => ({ ...tax, taxable: -tax.taxable, amount: -tax.amount })),
    })),
  ];
  return {
    status: sells?.status === "taxed" || returns?.status === "taxed" ? "taxed" : ((sells ?? returns)?.status ?? "none"),
    placeOfSupply: country === null ? null : [country, region?.trim()].filter(Boolean).join("-"),
    calculation: sells?.reference ?? null,
    sums,
  };
}

/** Each line's part of the taxes of its code, by its part of the sum: rounded cumulatively, so that the parts come to the whole. */
export function taxesOfLines(lines: readonly NetLine[], sums: readonly AnsweredSum[]): LineTax[][] {
  const before = new Map<string, bigint>();
  return lines.map(({ code, net }) => {
    const whole = sums.find((sum) => sum.code === code);
    if (!whole || whole.amount === 0n || net === 0n) return [];
    const from = before.get(code) ?? 0n;
    before.set(code, from + net);
    const part = (of: bigint) => upTo(of, from + net, whole.amount) - upTo(of, from, whole.amount);
    return whole.taxes.map((tax) => ({ ...tax, taxable: part(BigInt(tax.taxable)), amount: part(BigInt(tax.amount)) }));
  });
}

function upTo(of: bigint, part: bigint, whole: bigint): bigint {
  // The scale takes a divisor above zero.
  return whole < 0n ? upTo(of, -part, -whole) : roundMinor(scale(amount(of), part, whole));
}
