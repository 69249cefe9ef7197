/**
 * What a credit note takes off: of each line its part of discount and tax too. Reckoned cumulatively, so that any number of notes
 * together take off exactly what the line was, and never a minor unit more. Pure.
 */
import { type Amount, amount, compare, minus, NOTHING, roundMinor, scale } from "../money/amount.ts";
import type { LineTax } from "./invoice.ts";

/** A line as it was issued. */
export interface CreditableLine {
  amount: bigint;
  discount: bigint;
  taxes: readonly LineTax[];
}

export interface CreditPart {
  amount: bigint;
  discount: bigint;
  taxes: LineTax[];
  tax: bigint;
  /** What it takes off the invoice's total. */
  total: bigint;
}

/** What belongs to a part of a line of something that belongs to all of it (its discount, a tax), before rounding. */
export function shareOf(whole: Amount, part: bigint, line: bigint): Amount {
  return line === 0n ? NOTHING : scale(whole, part, line < 0n ? -line : line);
}

/** `wanted` of a line, in the line's own amount; `before`: what was credited of it. */
export function creditPart(line: CreditableLine, before: CreditPart | undefined, wanted: bigint): CreditPart {
  const reached = (before?.amount ?? 0n) + wanted;
  const upTo = (whole: bigint) => roundMinor(shareOf(amount(whole), reached, line.amount));
  const discount = upTo(line.discount) - (before?.discount ?? 0n);
  const taxes = line.taxes.map((tax, index) => ({
    ...tax,
    taxable: upTo(BigInt(tax.taxable)) - BigInt(before?.taxes[index]?.taxable ?? 0n),
    amount: upTo(BigInt(tax.amount)) - BigInt(before?.taxes[index]?.amount ?? 0n),
  }));
  return partOf(wanted, discount, taxes);
}

/** What a line comes to in all. */
export function lineTotal(line: CreditableLine): bigint {
  return creditPart(line, undefined, line.amount).total;
}

/**
 * The part of a line whose credit comes to `total`, or to what is left of the line if that is less. Credits grow with the part, so
 * the search halves. Where rounded taxes pass over the total, the last tax takes the unit; what is credited later makes up for it.
 */
export function partWorth(line: CreditableLine, before: CreditPart | undefined, total: bigint): CreditPart {
  const whole = line.amount - (before?.amount ?? 0n);
  let low = 0n;
  let high = whole;
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (creditPart(line, before, middle).total <= total) low = middle;
    else high = middle - 1n;
  }
  const part = creditPart(line, before, low);
  const added = part.taxes.findLastIndex((tax) => !tax.inclusive);
  if (low === whole || part.total === total || added < 0) return part;
  const taxes = part.taxes.map((tax, index) => (index === added ? { ...tax, amount: tax.amount + total - part.total } : tax));
  return partOf(part.amount, part.discount, taxes);
}

/** Two parts of one line as one. */
export function addParts(
  before: CreditPart | undefined,
  part: Pick<CreditPart, "amount" | "discount"> & { taxes: readonly LineTax[] },
): CreditPart {
  const taxes = part.taxes.map((tax, index) => ({
    ...tax,
    taxable: BigInt(tax.taxable) + BigInt(before?.taxes[index]?.taxable ?? 0n),
    amount: BigInt(tax.amount) + BigInt(before?.taxes[index]?.amount ?? 0n),
  }));
  return partOf(part.amount + (before?.amount ?? 0n), part.discount + (before?.discount ?? 0n), taxes);
}

function partOf(amountMinor: bigint, discount: bigint, taxes: LineTax[]): CreditPart {
  const tax = taxes.reduce((sum, each) => sum + each.amount, 0n);
  const added = taxes.reduce((sum, each) => (each.inclusive ? sum : sum + each.amount), 0n);
  return { amount: amountMinor, discount, taxes, tax, total: amountMinor - discount + added };
}

/**
 * How much of a credit goes back as money: what was paid for it beyond what is kept of it. `paid`: the part of the payments that
 * belongs to it; `kept`: what it still costs after the credit.
 */
export function refundable(paid: Amount, kept: Amount, creditable: Amount): bigint {
  const beyond = minus(paid, kept);
  if (compare(beyond, NOTHING) <= 0) return 0n;
  return roundMinor(compare(beyond, creditable) < 0 ? beyond : creditable);
}

export interface Settled {
  refund: bigint;
  offset: bigint;
  balance: bigint;
}

/** Where a credit goes. What is due is taken off before anything can become money that was never paid. */
export function settleCredit(
  mode: "balance" | "refund" | "offset",
  total: bigint,
  standing: { due: bigint; settled: bigint; refund: bigint },
): Settled {
  const least = (a: bigint, b: bigint) => (a < b ? a : b);
  const refund = mode === "refund" ? least(total, standing.refund) : 0n;
  const rest = total - refund;
  const balance = mode === "balance" ? least(rest, standing.settled) : rest - least(rest, standing.due);
  return { refund, balance, offset: rest - balance };
}
