/** From what is stored to what the engine computes with. */
import { decimal } from "../money/decimal.ts";
import type { Coupon } from "./coupon.ts";
import type { CouponDocument } from "./coupon-schema.ts";
import type { CreditEvent, CreditProduct } from "./credit-offer.ts";
import { withAmounts } from "./currencies.ts";
import type { CreditEventDocument, CreditProductDocument, FeatureDocument, MeterDocument, PlanDocument } from "./document.ts";
import type { Feature } from "./feature.ts";
import type { Meter } from "./meter.ts";
import type { Plan } from "./plan.ts";
import { type Price, type PriceDocument, parsePrice } from "./price.ts";
import type { TaxRate } from "./tax-rate.ts";
import type { TaxRateDocument } from "./tax-rate-schema.ts";
import type { PlanTerms } from "./terms.ts";

export interface Stored<T> {
  no: number;
  body: T;
  archived: boolean;
  used: boolean;
}

export function parseMeter({ no, body, archived, used }: Stored<MeterDocument>): Meter {
  return {
    no,
    key: body.key,
    name: body.name ?? null,
    unit: body.unit ?? null,
    event: body.event,
    aggregation: body.aggregation,
    property: body.property ?? null,
    filters: body.filters ?? {},
    groupBy: body.group_by ?? [],
    recurring: body.recurring ?? false,
    rounding: body.rounding ? { mode: body.rounding.mode, precision: body.rounding.precision ?? 0 } : null,
    creditCost: body.credit_cost == null ? null : decimal(body.credit_cost).toFixed(),
    creditOverdraft: body.credit_overdraft ?? "reject",
    archived,
    used,
  };
}

export function parseFeature({ body, archived }: Stored<FeatureDocument>): Feature {
  return { key: body.key, name: body.name ?? null, type: body.type, meter: body.meter ?? null, archived };
}

export function parseCreditEvent({ body, archived }: Stored<CreditEventDocument>): CreditEvent {
  return {
    key: body.key,
    name: body.name ?? null,
    category: body.category ?? null,
    cost: decimal(body.cost).toFixed(),
    active: body.active ?? true,
    plans: Object.fromEntries(
      Object.entries(body.plans ?? {}).map(([plan, { cost, active }]) => [
        plan,
        { ...(cost == null ? {} : { cost: decimal(cost).toFixed() }), ...(active == null ? {} : { active }) },
      ]),
    ),
    archived,
  };
}

export function parseCreditProduct({ body, archived }: Stored<CreditProductDocument>): CreditProduct {
  return {
    key: body.key,
    name: body.name ?? null,
    credits: decimal(body.credits).toFixed(),
    priority: body.priority ?? null,
    amountMinor: BigInt(body.amount),
    currency: body.currency,
    active: body.active ?? true,
    archived,
  };
}

export function parseCoupon({ body, archived }: Stored<CouponDocument>): Coupon {
  return {
    key: body.key,
    name: body.name ?? body.key,
    percentOff: body.percent_off == null ? null : decimal(body.percent_off),
    amountOffMinor: body.amount_off == null ? null : BigInt(body.amount_off),
    currency: body.currency ?? null,
    duration: body.duration ?? "once",
    periods: body.periods ?? null,
    plans: body.plans ?? null,
    prices: body.prices ?? null,
    active: body.active ?? true,
    archived,
  };
}

export function parseTaxRate({ body, archived }: Stored<TaxRateDocument>): TaxRate {
  return {
    key: body.key,
    name: body.name ?? body.kind.toUpperCase(),
    kind: body.kind,
    country: body.country,
    region: body.region ?? null,
    percent: decimal(body.percent),
    inclusive: body.inclusive ?? false,
    archived,
  };
}

export interface StoredPlan {
  key: string;
  version: number;
  /** The declaration as it stands now; of an older version only the terms are older. */
  head: PlanDocument;
  terms: PlanTerms;
  archived: boolean;
}

export function parsePlan({ key, version, head, terms, archived }: StoredPlan, defaultTrialDays: number): Plan {
  const byCurrency = new Map<string, readonly Price[]>();
  const commitments = Object.entries(terms.currencies).map(([currency, other]) => [currency, other.minimum_commitment] as const);
  return {
    key,
    version,
    name: head.name ?? key,
    description: head.description ?? null,
    group: head.group ?? null,
    isDefault: head.default ?? false,
    archived,
    currency: terms.currency,
    currencies: [...new Set([terms.currency, ...Object.keys(terms.currencies)])],
    interval: { unit: terms.interval, count: terms.interval_count },
    trialDays: terms.trial_days ?? (terms.trial ? defaultTrialDays : null),
    prorationUnit: terms.proration_unit,
    seatDecrease: terms.seat_decrease,
    afterDunning: terms.after_dunning ?? "cancel",
    minimumCommitment: Object.fromEntries(
      [[terms.currency, terms.minimum_commitment] as const, ...commitments].flatMap(([currency, amount]) =>
        amount === null ? [] : [[currency, BigInt(amount)]],
      ),
    ),
    pricesIn(currency) {
      const known = byCurrency.get(currency);
      if (known) return known;
      const prices = pricesIn(terms, currency).map(parsePrice);
      byCurrency.set(currency, prices);
      return prices;
    },
    entitlements: terms.entitlements,
    credits: terms.credits,
    processorPrices: terms.processor_prices,
  };
}

function pricesIn(terms: PlanTerms, currency: string): PriceDocument[] {
  // A plan that costs nothing is sold in every currency.
  if (currency === terms.currency || terms.prices.length === 0) return terms.prices;
  const other = terms.currencies[currency];
  if (!other) throw new RangeError(`not sold in ${currency}`);
  return terms.prices.map((price) => withAmounts(price, other.prices[price.key] as Parameters<typeof withAmounts>[1]));
}
