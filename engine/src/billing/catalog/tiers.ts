/**
 * Tiers: graduated (each unit at its own tier's price), volume (all units at the one tier that the quantity falls in) and
 * graduated_percentage (a rate in place of a unit price). Tier i covers (up_to of the tier before, up_to].
 * Quantities and results here are over the price's `denominator`.
 */
import { type Decimal, ONE, quotient, ZERO } from "../money/decimal.ts";
import { units } from "./convert.ts";
import type { Price, Tier } from "./price.ts";

/** One tier's part of a line, in document form; quantities after conversion, amounts in minor units, 12 places at most. */
export interface TierUse {
  readonly up_to: Decimal | null;
  readonly quantity: Decimal;
  readonly unit_amount?: Decimal;
  /** Per cent, of graduated_percentage. */
  readonly rate?: Decimal;
  readonly flat_amount: Decimal;
  readonly amount: Decimal;
}

/** What a model makes of a quantity: `num` ÷ the price's `denominator` minor units, and how. */
export interface Cost {
  readonly num: Decimal;
  readonly tiers: readonly TierUse[];
}

/** The flat amount of a tier is due once the tier is entered; the first is entered even at 0. */
export function graduated(price: Price, quantity: Decimal): Cost {
  const uses: TierUse[] = [];
  let num = ZERO;
  let floor = ZERO;
  for (const tier of price.tiers ?? []) {
    const last = tier.bound === null || quantity.lte(tier.bound);
    const part = (last ? quantity : tier.bound).minus(floor);
    const cost = part.times(tier.unitAmount).plus(tier.flatScaled);
    num = num.plus(cost);
    uses.push(use(price, tier, part, cost));
    if (last) break;
    floor = tier.bound;
  }
  return { num, tiers: uses };
}

/** `full` picks the tier; it differs from `quantity` where that is prorated. */
export function volume(price: Price, quantity: Decimal, full: Decimal): Cost {
  const tier = price.tiers?.[tierIndex(price, full)];
  if (!tier) return { num: ZERO, tiers: [] };
  const num = quantity.times(tier.unitAmount).plus(tier.flatScaled);
  return { num, tiers: [use(price, tier, quantity, num)] };
}

/** The index of the tier that holds a quantity (over the denominator). */
export function tierIndex(price: Price, quantity: Decimal): number {
  return price.tiers?.findIndex((tier) => tier.bound === null || quantity.lte(tier.bound)) ?? -1;
}

/** A stretch of usage within one tier. */
export interface TierSlice {
  readonly index: number;
  readonly quantity: Decimal;
  /** Whether it begins where the tier does, and so brings the tier's flat amount. */
  readonly atTierStart: boolean;
  /** What all usage before the slice comes to, in minor units. */
  readonly amountBefore: Decimal;
}

/** The tiers that the units in (from, to] of a graduated price fall into: what a later part of a period is made of. Units after conversion. */
export function tierSlices(price: Price, from: Decimal, to: Decimal): TierSlice[] {
  const slices: TierSlice[] = [];
  let floor = ZERO;
  let before = ZERO;
  for (const [index, tier] of (price.tiers ?? []).entries()) {
    const start = from.gt(floor) ? from : floor;
    const end = tier.upTo === null || to.lt(tier.upTo) ? to : tier.upTo;
    const atTierStart = start.eq(floor);
    if (end.gt(start)) {
      const used = atTierStart ? before : before.plus(tier.flatAmount).plus(start.minus(floor).times(tier.unitAmount));
      slices.push({ index, quantity: end.minus(start), atTierStart, amountBefore: used });
    }
    if (tier.upTo === null) break;
    before = before.plus(tier.flatAmount).plus(tier.upTo.minus(floor).times(tier.unitAmount));
    floor = tier.upTo;
  }
  return slices;
}

function use(price: Price, tier: Tier, quantity: Decimal, num: Decimal): TierUse {
  return {
    up_to: tier.upTo,
    quantity: units(price, quantity),
    ...(tier.rate ? { rate: tier.rate } : { unit_amount: tier.unitAmount }),
    flat_amount: tier.flatAmount,
    amount: price.denominator === ONE ? num : quotient(num, price.denominator, 12),
  };
}
