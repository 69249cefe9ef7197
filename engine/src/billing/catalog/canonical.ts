/** One spelling of each thing that the catalog declares, so that two declarations can be compared field by field. */
import { decimal } from "../money/decimal.ts";
import type { CouponDocument } from "./coupon-schema.ts";
import type { CreditEventDocument, CreditProductDocument, FeatureDocument, MeterDocument, PlanDocument } from "./document.ts";
import type { TaxRateDocument } from "./tax-rate-schema.ts";
import type { PlanTerms } from "./terms.ts";

export type Fields = Readonly<Record<string, unknown>>;

export interface ItemDocuments {
  meter: MeterDocument;
  feature: FeatureDocument;
  credit_event: CreditEventDocument;
  credit_product: CreditProductDocument;
  coupon: CouponDocument;
  tax_rate: TaxRateDocument;
}
export type ItemKind = keyof ItemDocuments;
export type Kind = ItemKind | "plan";

/** The sections of the document, in its order. */
export const SECTIONS = [
  { kind: "meter", section: "meters" },
  { kind: "feature", section: "features" },
  { kind: "plan", section: "plans" },
  { kind: "credit_event", section: "credit_events" },
  { kind: "credit_product", section: "credit_products" },
  { kind: "coupon", section: "coupons" },
  { kind: "tax_rate", section: "tax_rates" },
] as const satisfies { kind: Kind; section: string }[];

const described = (doc: { name?: string | null; description?: string | null; metadata?: Record<string, string> | null }) => ({
  name: doc.name ?? null,
  description: doc.description ?? null,
  metadata: doc.metadata ?? {},
});

const CANONICAL: { [K in ItemKind]: (doc: ItemDocuments[K]) => Fields } = {
  meter: (doc) => ({
    ...described(doc),
    unit: doc.unit ?? null,
    event: doc.event,
    aggregation: doc.aggregation,
    property: doc.property ?? null,
    filters: doc.filters ?? {},
    group_by: doc.group_by ?? [],
    recurring: doc.recurring ?? false,
    rounding: doc.rounding ? { mode: doc.rounding.mode, precision: doc.rounding.precision ?? 0 } : null,
    credit_cost: doc.credit_cost == null ? null : decimal(doc.credit_cost).toFixed(),
    credit_overdraft: doc.credit_cost == null ? null : (doc.credit_overdraft ?? "reject"),
  }),
  feature: (doc) => ({ ...described(doc), type: doc.type, meter: doc.meter ?? null }),
  credit_event: (doc) => ({
    ...described(doc),
    cost: decimal(doc.cost).toFixed(),
    category: doc.category ?? null,
    active: doc.active ?? true,
    plans: Object.fromEntries(
      Object.entries(doc.plans ?? {}).map(([plan, own]) => [
        plan,
        { cost: own.cost == null ? null : decimal(own.cost).toFixed(), active: own.active ?? null },
      ]),
    ),
  }),
  credit_product: (doc) => ({
    ...described(doc),
    credits: decimal(doc.credits).toFixed(),
    priority: doc.priority ?? null,
    amount: decimal(doc.amount).toFixed(),
    currency: doc.currency,
    active: doc.active ?? true,
  }),
  coupon: (doc) => ({
    ...described(doc),
    percent_off: doc.percent_off == null ? null : decimal(doc.percent_off).toFixed(),
    amount_off: doc.amount_off == null ? null : decimal(doc.amount_off).toFixed(),
    currency: doc.currency ?? null,
    duration: doc.duration ?? "once",
    periods: doc.periods ?? null,
    plans: doc.plans ?? null,
    prices: doc.prices ?? null,
    active: doc.active ?? true,
  }),
  tax_rate: (doc) => ({
    ...described(doc),
    kind: doc.kind,
    country: doc.country,
    region: doc.region ?? null,
    percent: decimal(doc.percent).toFixed(),
    inclusive: doc.inclusive ?? false,
  }),
};

export function canonicalItem<K extends ItemKind>(kind: K, doc: ItemDocuments[K]): Fields {
  return CANONICAL[kind](doc);
}

/** What of a plan changes in place; all else is its terms. */
export function canonicalHead(doc: PlanDocument): Fields {
  return { ...described(doc), group: doc.group ?? null, extends: doc.extends ?? null, default: doc.default ?? false };
}

export function canonicalTerms(terms: PlanTerms): Fields {
  return { after_dunning: "cancel", ...terms };
}

/** What a meter measures; fixed once it has measured anything. */
export const MEASURE = ["event", "aggregation", "property", "filters", "group_by", "recurring"] as const;
