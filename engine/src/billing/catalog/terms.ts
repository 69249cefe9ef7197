/**
 * What a plan sells, complete and in one spelling: defaults filled in, `extends` resolved, numbers as decimal texts. Two
 * declarations with the same terms are the same version, however they are written; a sold version needs nothing but its terms.
 */
import { decimal } from "../money/decimal.ts";
import { MONEY_FIELDS } from "./currencies.ts";
import type { EntitlementDocument, PlanDocument } from "./document.ts";
import type { Entitlement } from "./plan.ts";
import type { PriceDocument, TierDocument } from "./price.ts";

export interface PlanTerms {
  currency: string;
  currencies: Record<string, { prices: Record<string, Partial<PriceDocument>>; minimum_commitment: string | null }>;
  interval: "day" | "week" | "month" | "year";
  interval_count: number;
  trial_days: number | null;
  trial: boolean;
  proration_unit: "second" | "day";
  seat_decrease: "credit" | "period_end";
  /** Absent in terms that were stored before it could be said: cancel. */
  after_dunning?: "cancel" | "expire" | "keep";
  minimum_commitment: string | null;
  prices: PriceDocument[];
  entitlements: Entitlement[];
  credits: { amount: string; rollover: boolean | { max: string }; priority?: number } | null;
  processor_prices: Record<string, Record<string, string>>;
}

const NUMERIC = [
  ...MONEY_FIELDS.filter((field) => field !== "tiers"),
  "package_size",
  "rate",
  "free_events",
  "included",
  "multiply",
  "divide",
] as const;

/** The terms of a plan among all plans of its document. Expects a document that `check` found without fault. */
export function termsOf(plan: PlanDocument, plans: ReadonlyMap<string, PlanDocument>): PlanTerms {
  const line = lineage(plan, plans);
  const first = <T>(pick: (doc: PlanDocument) => T | null | undefined): T | null => line.map(pick).find((value) => value != null) ?? null;
  const prices = (plan.prices ?? []).map(canonicalPrice);
  const credits = first((doc) => doc.credits);
  return {
    currency: first((doc) => doc.currency) ?? "usd",
    currencies: Object.fromEntries(
      Object.entries(plan.currencies ?? {}).map(([currency, other]) => [
        currency,
        {
          prices: Object.fromEntries(
            Object.entries(other.prices ?? {}).map(([key, amounts]) => [key, canonicalAmounts(plan, key, amounts)]),
          ),
          minimum_commitment: other.minimum_commitment == null ? null : number(other.minimum_commitment),
        },
      ]),
    ),
    interval: plan.interval ?? "month",
    interval_count: plan.interval_count ?? 1,
    trial_days: plan.trial === false ? null : (plan.trial_days ?? null),
    trial: plan.trial === true,
    proration_unit: plan.proration_unit ?? "second",
    seat_decrease: plan.seat_decrease ?? "credit",
    after_dunning: plan.after_dunning ?? "cancel",
    minimum_commitment: plan.minimum_commitment == null ? null : number(plan.minimum_commitment),
    prices,
    entitlements: entitlementsOf(line),
    credits: credits && {
      amount: number(credits.amount),
      rollover:
        typeof credits.rollover === "object" && credits.rollover ? { max: number(credits.rollover.max) } : (credits.rollover ?? false),
      ...(credits.priority == null ? {} : { priority: credits.priority }),
    },
    processor_prices: plan.processor_prices ?? {},
  };
}

/** The plan, the plan that it extends, and so on up. A circle, which `check` refuses, ends where it closes. */
export function lineage(plan: PlanDocument, plans: ReadonlyMap<string, PlanDocument>): PlanDocument[] {
  const line = [plan];
  for (let base = plans.get(plan.extends ?? ""); base && !line.includes(base); base = plans.get(base.extends ?? "")) line.push(base);
  return line;
}

// A plan's own word on a feature replaces all that it would take over on it.
function entitlementsOf(line: PlanDocument[]): Entitlement[] {
  const entries: Entitlement[] = [];
  const settled = new Set<string>();
  for (const doc of line) {
    const own = doc.entitlements ?? [];
    entries.push(...own.filter((entry) => !settled.has(entry.feature)).map(canonicalEntitlement));
    for (const entry of own) settled.add(entry.feature);
  }
  return entries;
}

function canonicalEntitlement(doc: EntitlementDocument): Entitlement {
  return {
    feature: doc.feature,
    ...(doc.enabled == null ? {} : { enabled: doc.enabled }),
    ...(doc.value === undefined ? {} : { value: doc.value }),
    ...(doc.limit === undefined ? {} : { limit: doc.limit === null ? null : number(doc.limit) }),
    ...(doc.window == null ? {} : { window: doc.window }),
    ...(doc.enforcement == null ? {} : { enforcement: doc.enforcement }),
  };
}

function canonicalPrice(doc: PriceDocument): PriceDocument {
  return {
    ...canonicalNumbers(doc),
    key: doc.key,
    type: doc.type,
    model: doc.model ?? (doc.type === "flat" ? "flat" : "per_unit"),
    timing: doc.timing ?? (doc.type === "usage" ? "in_arrears" : "in_advance"),
  };
}

function canonicalAmounts(plan: PlanDocument, key: string, amounts: unknown): Partial<PriceDocument> {
  if (typeof amounts === "object" && amounts !== null) return canonicalNumbers(amounts as Partial<PriceDocument>);
  const price = plan.prices?.find((candidate) => candidate.key === key);
  const field = price?.type === "flat" || price?.model === "flat" ? "amount" : "unit_amount";
  return { [field]: number(amounts as string | number) };
}

function canonicalNumbers(doc: Partial<PriceDocument>): Partial<PriceDocument> {
  const given = Object.fromEntries(Object.entries(doc).filter(([, value]) => value != null)) as Partial<PriceDocument>;
  for (const field of NUMERIC) if (given[field] != null) given[field] = number(given[field]);
  if (given.tiers) given.tiers = given.tiers.map(canonicalTier);
  return given;
}

function canonicalTier(tier: TierDocument): TierDocument {
  return {
    up_to: tier.up_to == null ? null : number(tier.up_to),
    ...(tier.unit_amount == null ? {} : { unit_amount: number(tier.unit_amount) }),
    ...(tier.flat_amount == null ? {} : { flat_amount: number(tier.flat_amount) }),
    ...(tier.rate == null ? {} : { rate: number(tier.rate) }),
  };
}

function number(value: string | number): string {
  return decimal(value).toFixed();
}
