/**
 * What coupons take off the lines of an invoice (domain §7.2): limited ones first, then in the order in which they were given.
 * Pure: what a discount has used up comes in, what each takes off each line comes out, and parts add up to the whole.
 */
import { type CouponTerms, percentOf } from "../catalog/coupon.ts";
import { allocate } from "../money/allocate.ts";
import { amount, roundMinor, scale } from "../money/amount.ts";
import type { InvoiceReason, LineDiscount } from "./invoice.ts";

/** A coupon that somebody has, and what it was used for so far. */
export interface Discount {
  id: string;
  tenantId: string;
  /** Set: only invoices of this subscription. */
  subscriptionId: string | null;
  couponKey: string;
  terms: CouponTerms;
  usedMinor: bigint;
  /** Invoices that used up one of its periods. */
  uses: number;
}

export interface Discountable {
  amount: bigint;
  planKey: string | null;
  priceKey: string | null;
}

export interface Discounted {
  /** By line. */
  lines: LineDiscount[][];
  /** By discount, where it took anything off: what it took in all. */
  used: Map<string, bigint>;
}

/** What is left for this invoice: null is no bound (a percentage), 0 nothing. */
export function leftOf({ terms, usedMinor, uses }: Pick<Discount, "terms" | "usedMinor" | "uses">): bigint | null {
  if (terms.duration === "periods" && uses >= (terms.periods ?? 0)) return 0n;
  if (terms.amount_off === null) return terms.duration === "once" && uses > 0 ? 0n : null;
  const worth = BigInt(terms.amount_off);
  // Once: so much in all, over as many invoices as it takes. Else so much on each.
  if (terms.duration !== "once") return worth;
  return worth > usedMinor ? worth - usedMinor : 0n;
}

/** What one coupon takes off a base, never more than the base. */
export function couponAmount(terms: CouponTerms, left: bigint | null, base: bigint): bigint {
  if (base <= 0n || left === 0n) return 0n;
  const percent = percentOf(terms);
  const wanted = percent === null ? left! : roundMinor(scale(amount(base), percent, "100"));
  return wanted < base ? wanted : base;
}

export function discountLines(
  about: { currency: string; subscriptionId: string | null },
  lines: readonly Discountable[],
  discounts: readonly Discount[],
): Discounted {
  const left = lines.map((line) => line.amount);
  const taken: LineDiscount[][] = lines.map(() => []);
  const used = new Map<string, bigint>();
  for (const discount of inOrder(discounts)) {
    const bound = leftOf(discount);
    if (bound === 0n || !applies(discount, about)) continue;
    const parts = partsOf(
      discount.terms,
      bound,
      lines.map((line, index) => (covers(discount.terms, line) ? left[index]! : 0n)),
    );
    parts.forEach((part, index) => {
      if (part === 0n) return;
      left[index]! -= part;
      taken[index]!.push({ discount: discount.id, coupon: discount.couponKey, name: discount.terms.name, amount: part });
    });
    if (parts.some((part) => part !== 0n))
      used.set(
        discount.id,
        parts.reduce((sum, part) => sum + part, 0n),
      );
  }
  return { lines: taken, used };
}

/** Whether an invoice of this kind uses up a period: a change within one does not. */
export function countsAsPeriod(reason: InvoiceReason): boolean {
  return reason !== "change";
}

// A percentage comes off what is given back too, so that what was bought at a discount is credited at it.
function partsOf(terms: CouponTerms, left: bigint | null, bases: readonly bigint[]): bigint[] {
  const charged = bases.map((base) => (base > 0n ? base : 0n));
  const given = bases.map((base) => (base < 0n ? -base : 0n));
  const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
  if (terms.percent_off === null) return allocate(couponAmount(terms, left, sum(bases)), charged);
  const off = allocate(couponAmount(terms, left, sum(charged)), charged);
  const back = allocate(couponAmount(terms, left, sum(given)), given);
  return off.map((part, index) => part - back[index]!);
}

function inOrder(discounts: readonly Discount[]): Discount[] {
  const limited = ({ terms }: Discount) => (terms.plans === null && terms.prices === null ? 1 : 0);
  return [...discounts].sort((a, b) => limited(a) - limited(b) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

function applies(discount: Discount, about: { currency: string; subscriptionId: string | null }): boolean {
  if (discount.subscriptionId !== null && discount.subscriptionId !== about.subscriptionId) return false;
  return discount.terms.currency === null || discount.terms.currency === about.currency;
}

function covers(terms: CouponTerms, line: Discountable): boolean {
  if (terms.plans !== null && !terms.plans.includes(line.planKey ?? "")) return false;
  return terms.prices === null || terms.prices.includes(line.priceKey ?? "");
}
