/** A coupon: what it takes off, how often, and of what. */
import { type Decimal, decimal } from "../money/decimal.ts";

export interface Coupon {
  key: string;
  name: string;
  /** Per cent; null: a fixed amount. */
  percentOff: Decimal | null;
  amountOffMinor: bigint | null;
  /** Of a fixed amount. */
  currency: string | null;
  duration: "once" | "periods" | "forever";
  /** Of duration `periods`. */
  periods: number | null;
  /** null: of all plans, of all prices. */
  plans: readonly string[] | null;
  prices: readonly string[] | null;
  active: boolean;
  archived: boolean;
}

/** A coupon as it is kept with the tenant who was given it. */
export interface CouponTerms {
  name: string;
  percent_off: string | null;
  amount_off: string | null;
  currency: string | null;
  duration: Coupon["duration"];
  periods: number | null;
  plans: readonly string[] | null;
  prices: readonly string[] | null;
}

export function couponTerms(coupon: Coupon): CouponTerms {
  return {
    name: coupon.name,
    percent_off: coupon.percentOff?.toFixed() ?? null,
    amount_off: coupon.amountOffMinor?.toString() ?? null,
    currency: coupon.currency,
    duration: coupon.duration,
    periods: coupon.periods,
    plans: coupon.plans,
    prices: coupon.prices,
  };
}

export function percentOf(terms: CouponTerms): Decimal | null {
  return terms.percent_off === null ? null : decimal(terms.percent_off);
}
