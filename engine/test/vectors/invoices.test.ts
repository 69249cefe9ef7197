/** Discounts, taxes, numbers and credit notes of other engines, through the functions that invoices are made with. */
import { describe, expect, test } from "vitest";
import type { CouponTerms } from "../../src/billing/catalog/coupon.ts";
import { couponAmount, type Discount, discountLines, leftOf } from "../../src/billing/invoices/discount.ts";
import { exactTax } from "../../src/billing/invoices/tax.ts";
import { type Amount, amount, NOTHING, plus, roundMinor } from "../../src/billing/money/amount.ts";
import { decimal } from "../../src/billing/money/decimal.ts";
import type { Case, Fields } from "./case.ts";
import { ABSENT, INVOICE_KINDS, loadVectors, nameOf } from "./vectors.ts";

const TERMS: CouponTerms = {
  name: "",
  percent_off: null,
  amount_off: null,
  currency: null,
  duration: "forever",
  periods: null,
  plans: null,
  prices: null,
};

const exact = (text: string): Amount => {
  const [num, den = "1"] = text.split("/") as [string, string?];
  return amount(num, den);
};
const sum = (parts: readonly Amount[]): Amount => parts.reduce(plus, NOTHING);

const SUITES: Record<string, (vector: Case) => void> = {
  "coupon.amount": ({ input, expected }) => {
    const terms: CouponTerms = {
      ...TERMS,
      percent_off: input.coupon_type === "percentage" ? input.percentage_rate : null,
      amount_off: input.coupon_type === "percentage" ? null : String(input.coupon_amount_cents),
      duration: input.frequency === "once" ? "once" : "forever",
    };
    const left = leftOf({ terms, usedMinor: BigInt(input.already_consumed_cents ?? 0), uses: 0 });
    expect(couponAmount(terms, left, BigInt(input.base_amount_cents))).toBe(BigInt(expected.amount_cents));
  },

  "invoice.coupons_taxes": ({ input, expected }) => {
    const fees = input.fees as Fields[];
    const discounts = (input.coupons_in_application_order as Fields[]).map(
      (coupon, index): Discount => ({
        id: `disc_${index}`,
        tenantId: "t",
        subscriptionId: null,
        couponKey: `c${index}`,
        terms: { ...TERMS, amount_off: String(coupon.amount_cents), prices: coupon.fee_ids ?? null },
        usedMinor: 0n,
        uses: 0,
      }),
    );
    const lines = fees.map((fee) => ({ amount: BigInt(fee.amount_cents), planKey: null, priceKey: fee.id }));
    const { lines: taken } = discountLines({ currency: "usd", subscriptionId: null }, lines, discounts);
    const off = taken.map((parts) => parts.reduce((total, part) => total + part.amount, 0n));
    for (const [index, fee] of fees.entries()) {
      // Lago keeps fractions of a cent of each part; here parts are whole and add up to the whole.
      const theirs = expected.coupon_per_fee_2dp?.[fee.id];
      if (theirs !== undefined) expect(Math.abs(Number(off[index]) - Number(theirs))).toBeLessThan(1);
    }
    const whole = off.reduce((total, part) => total + part, 0n);
    expect(whole).toBe(BigInt(expected.coupons_amount_cents));
    // Tax before rounding: Lago rounds the sum of all fees, an invoice here each line.
    const taxes = fees.map((fee, index) => exactTax(amount(lines[index]!.amount - off[index]!), decimal(fee.tax_rate)));
    expect(roundMinor(sum(taxes))).toBe(BigInt(expected.taxes_amount_cents));
    const subtotal = lines.reduce((total, line) => total + line.amount, 0n);
    expect(subtotal - whole + roundMinor(sum(taxes))).toBe(BigInt(expected.total_amount_cents));
  },

  "invoice.taxes": ({ input, expected }) => {
    const fees = input.fees as Fields[];
    const nets = fees.map((fee) => plus(amount(BigInt(fee.amount_cents)), scaleMinus(exact(fee.coupon_cents))));
    const byTax = Object.entries(input.tax_rates as Record<string, string>).map(([key, percent]) => {
      const parts = fees.flatMap((fee, index) => (fee.taxes.includes(key) ? [exactTax(nets[index]!, decimal(percent))] : []));
      return [key, sum(parts)] as const;
    });
    if (expected.amount_per_tax_cents) {
      expect(Object.fromEntries(byTax.map(([key, part]) => [key, Number(roundMinor(part))]))).toEqual(expected.amount_per_tax_cents);
    }
    expect(roundMinor(sum(byTax.map(([, part]) => part)))).toBe(BigInt(expected.taxes_amount_cents));
  },
};

function scaleMinus(part: Amount): Amount {
  return amount(part.num.times(decimal("-1")), part.den);
}

const vectors = loadVectors();
if (vectors === null) {
  test(ABSENT, () => console.warn(ABSENT));
} else {
  for (const kind of INVOICE_KINDS) {
    describe(kind, () => {
      const cases = vectors.filter((vector) => vector.kind === kind) as Case[];
      test.each(cases.map((vector, index) => [nameOf(vector, index), vector] as const))("%s", (_name, vector) => SUITES[kind]!(vector));
    });
  }
}
