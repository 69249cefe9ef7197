/** The catalog as the API prints it. */
import { decimal } from "../money/decimal.ts";
import { formatInstant } from "../time/instant.ts";
import { type ItemKind, SECTIONS } from "./canonical.ts";
import { CouponBody } from "./coupon-schema.ts";
import type { CatalogDocument, FeatureDocument, PlanDocument } from "./document.ts";
import { CreditEventBody, CreditProductBody, FeatureBody, MeterBody, PlanBody } from "./document.ts";
import type { ItemRow, PlanRow, StoredRows } from "./store.ts";
import { TaxRateBody } from "./tax-rate-schema.ts";

const ORDER = {
  meter: MeterBody,
  feature: FeatureBody,
  plan: PlanBody,
  credit_event: CreditEventBody,
  credit_product: CreditProductBody,
  coupon: CouponBody,
  tax_rate: TaxRateBody,
};

/** What is not archived, as it was declared: putting it again changes nothing. */
export function documentOf(stored: StoredRows): CatalogDocument {
  return Object.fromEntries(
    SECTIONS.map(({ kind, section }) => [
      section,
      kind === "plan"
        ? stored.plans.filter((plan) => plan.archived_at === null).map((plan) => inOrder("plan", plan.head))
        : stored.items.filter((item) => item.kind === kind && item.archived_at === null).map((item) => inOrder(kind, item.body)),
    ]),
  );
}

export function itemView(row: ItemRow) {
  return { ...inOrder(row.kind, row.body), archived: row.archived_at !== null, created_at: formatInstant(row.created_at) };
}

/** A plan with what it sells: entitlements and credits that it takes over included. */
export function planView(row: PlanRow, features: ReadonlyMap<string, FeatureDocument>) {
  const { key, head, terms } = row;
  return {
    key,
    name: head.name ?? key,
    description: head.description ?? null,
    group: head.group ?? null,
    version: row.version,
    default: head.default ?? false,
    archived: row.archived_at !== null,
    currency: terms.currency,
    currencies: head.currencies ?? {},
    interval: terms.interval,
    interval_count: terms.interval_count,
    trial_days: terms.trial_days,
    trial: terms.trial || (terms.trial_days ?? 0) > 0,
    proration_unit: terms.proration_unit,
    seat_decrease: terms.seat_decrease,
    after_dunning: terms.after_dunning ?? "cancel",
    minimum_commitment: head.minimum_commitment ?? null,
    prices: inOrder("plan", head).prices ?? [],
    entitlements: terms.entitlements.map((entry) => ({
      ...entry,
      ...(entry.limit == null ? {} : { limit: decimal(entry.limit) }),
      type: features.get(entry.feature)?.type ?? null,
      name: features.get(entry.feature)?.name ?? null,
    })),
    credits: terms.credits && { ...terms.credits, amount: decimal(terms.credits.amount), rollover: rolloverOf(terms.credits.rollover) },
    extends: head.extends ?? null,
    processor_prices: terms.processor_prices,
    metadata: head.metadata ?? {},
    created_at: formatInstant(row.created_at),
  };
}

function rolloverOf(rollover: boolean | { max: string }) {
  return typeof rollover === "object" ? { max: decimal(rollover.max) } : rollover;
}

/** Plans of one group stand together, where the first of them stands. */
export function byGroup<T extends { key: string; head: PlanDocument }>(plans: readonly T[]): T[] {
  const groups = Map.groupBy(plans, (plan) => (plan.head.group == null ? `plan ${plan.key}` : `group ${plan.head.group}`));
  return [...groups.values()].flat();
}

// The database sorts the fields of a document; people write them as the schema lists them.
function inOrder(kind: ItemKind | "plan", body: object): Record<string, unknown> {
  return ordered(ORDER[kind] as unknown as Shape, body) as Record<string, unknown>;
}

interface Shape {
  properties?: Record<string, Shape>;
  items?: Shape;
  additionalProperties?: Shape | boolean;
}

function ordered(shape: Shape, value: unknown): unknown {
  if (Array.isArray(value)) return shape.items ? value.map((item) => ordered(shape.items!, item)) : value;
  if (value === null || typeof value !== "object") return value;
  const given = value as Record<string, unknown>;
  const { properties, additionalProperties: rest } = shape;
  if (properties)
    return Object.fromEntries(
      Object.keys(properties).flatMap((name) => (name in given ? [[name, ordered(properties[name]!, given[name])]] : [])),
    );
  if (typeof rest !== "object") return value;
  return Object.fromEntries(Object.entries(given).map(([name, item]) => [name, ordered(rest, item)]));
}
