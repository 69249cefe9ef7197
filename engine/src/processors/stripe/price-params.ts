/** A price of the catalog as Stripe's parameters, or why Stripe has no price that would bill the same. Pure. */
import Stripe from "stripe";
import type { Meter } from "../../billing/catalog/meter.ts";
import type { Plan } from "../../billing/catalog/plan.ts";
import type { Price, Tier } from "../../billing/catalog/price.ts";
import { type Decimal, ONE, ZERO } from "../../billing/money/decimal.ts";
import { AmountNotTaken, toPrice, unitToStripe } from "../../gateways/stripe/amount.ts";

/** The same price has the same key, for ever: what is there already is not made again. */
export function lookupKeyOf(plan: Pick<Plan, "key" | "version">, price: string, currency: string): string {
  return `billwright_${plan.key}_v${plan.version}_${price}_${currency}`;
}

export const productIdOf = (plan: Pick<Plan, "key">) => `billwright_${plan.key}`;

const AGGREGATIONS: Partial<Record<Meter["aggregation"], "count" | "sum" | "last">> = { count: "count", sum: "sum", latest: "last" };

/** Stripe's formula of a meter; null: it has none. */
export function formulaOf(meter: Pick<Meter, "aggregation">): "count" | "sum" | "last" | null {
  return AGGREGATIONS[meter.aggregation] ?? null;
}

/** A text says what of it Stripe cannot do. `meter`: Stripe's id of that of a usage price; null: it is made with it. */
export function priceParams(plan: Plan, price: Price, currency: string, meter: string | null): Stripe.PriceCreateParams | string {
  const odd = oddity(price);
  if (odd !== null) return odd;
  const amounts = amountsOf(price, currency);
  if (typeof amounts === "string") return amounts;
  const { unit, count } = plan.interval;
  return {
    currency,
    product: productIdOf(plan),
    nickname: price.name ?? price.key,
    lookup_key: lookupKeyOf(plan, price.key, currency),
    metadata: { billwright_plan: plan.key, billwright_version: String(plan.version), billwright_price: price.key },
    recurring: {
      interval: unit,
      interval_count: count,
      ...(price.type === "usage" ? { usage_type: "metered" as const, ...(meter === null ? {} : { meter }) } : {}),
    },
    ...amounts,
  };
}

function oddity(price: Price): string | null {
  if (price.model === "percentage" || price.model === "graduated_percentage") return "Stripe has no prices in percent of usage";
  if (price.groupBy || price.filters) return "Stripe's prices do not group or filter what a meter counts";
  if (price.minimumAmount !== undefined || price.maximumAmount !== undefined) return "Stripe's prices have no bounds of a line";
  if (price.multiply || (price.divide && price.model !== "package")) return "Stripe converts units only by dividing into packages";
  if (price.timing !== (price.type === "usage" ? "in_arrears" : "in_advance")) return "Stripe bills usage afterwards, all else in advance";
  return null;
}

type Amounts = Pick<
  Stripe.PriceCreateParams,
  "unit_amount" | "unit_amount_decimal" | "billing_scheme" | "tiers" | "tiers_mode" | "transform_quantity"
>;

function amountsOf(price: Price, currency: string): Amounts | string {
  const exactly = (value: Decimal) => Stripe.Decimal.from(unitToStripe(value, currency).toFixed());
  if (price.model === "flat") return flatOf(price.amount ?? 0n, currency);
  if (price.model === "per_unit") {
    const unit = price.unitAmount ?? ZERO;
    if (price.included === ZERO) return { unit_amount_decimal: exactly(unit) };
    // What is included is a first tier that costs nothing.
    const bound = wholeOf(price.included);
    if (bound === null) return "what is included must be a whole number for Stripe";
    return {
      billing_scheme: "tiered",
      tiers_mode: "graduated",
      tiers: [
        { up_to: bound, unit_amount: 0 },
        { up_to: "inf", unit_amount_decimal: exactly(unit) },
      ],
    };
  }
  if (price.included !== ZERO) return "Stripe includes nothing in tiers or packages";
  if (price.model === "package") {
    const size = wholeOf(price.packageSize ?? ONE);
    if (size === null) return "a package must be a whole number for Stripe";
    return { unit_amount_decimal: exactly(price.unitAmount ?? ZERO), transform_quantity: { divide_by: size, round: "up" } };
  }
  const tiers: Stripe.PriceCreateParams.Tier[] = [];
  for (const tier of price.tiers ?? []) {
    const known = tierOf(tier, exactly);
    if (typeof known === "string") return known;
    tiers.push(known);
  }
  return {
    billing_scheme: "tiered",
    tiers_mode: price.model === "volume" ? "volume" : "graduated",
    tiers,
  };
}

/** Asked once, a price is what is charged: Stripe must be able to take just that. */
function flatOf(amount: bigint, currency: string): Amounts | string {
  try {
    return { unit_amount: toPrice(amount, currency) };
  } catch (error) {
    if (error instanceof AmountNotTaken) return error.message;
    throw error;
  }
}

function tierOf(tier: Tier, exactly: (value: Decimal) => Stripe.Decimal): Stripe.PriceCreateParams.Tier | string {
  const upTo = tier.upTo === null ? "inf" : wholeOf(tier.upTo);
  if (upTo === null) return "a tier must end at a whole number for Stripe";
  return {
    up_to: upTo,
    unit_amount_decimal: exactly(tier.unitAmount),
    ...(tier.flatAmount.eq(ZERO) ? {} : { flat_amount_decimal: exactly(tier.flatAmount) }),
  };
}

function wholeOf(value: Decimal): number | null {
  const digits = value.toFixed();
  return /^\d{1,15}$/.test(digits) ? Number(digits) : null;
}
