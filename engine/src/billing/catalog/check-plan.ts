/** What the schema of a plan cannot say: its prices, its other currencies, what it builds on. */
import type { Fault } from "../../errors.ts";
import { checkEntitlements } from "./check-entitlements.ts";
import { checkPrice } from "./check-price.ts";
import { type CurrencyPrice, moneyIn, withAmounts } from "./currencies.ts";
import type { FeatureDocument, PlanDocument } from "./document.ts";
import type { PriceDocument } from "./price.ts";
import { lineage } from "./terms.ts";

export interface Surroundings {
  meters: ReadonlySet<string>;
  /** The meters whose events credits cover in part, and prices the rest. */
  billing: ReadonlySet<string>;
  features: ReadonlyMap<string, FeatureDocument>;
  plans: ReadonlyMap<string, PlanDocument>;
}

export function checkPlan(doc: PlanDocument, around: Surroundings, path: string): Fault[] {
  return [
    ...checkBase(doc, around, path),
    ...checkPrices(doc, around, path),
    ...Object.keys(doc.currencies ?? {}).flatMap((currency) => checkCurrency(doc, currency, around, path)),
    ...checkEntitlements(doc.entitlements ?? [], around.features, `${path}.entitlements`),
    ...checkProcessorPrices(doc, path),
  ];
}

function checkBase(doc: PlanDocument, { plans }: Surroundings, path: string): Fault[] {
  const faults: Fault[] = [];
  const report = (field: string, message: string) => void faults.push({ path: `${path}.${field}`, message });
  const line = lineage(doc, plans);
  const top = line.at(-1)!;
  if (doc.extends != null && !plans.has(doc.extends)) report("extends", `names no plan of the catalog: ${doc.extends}`);
  else if (top.extends != null && plans.has(top.extends))
    report("extends", `goes in a circle: ${[...line.map((plan) => plan.key), top.extends].join(" → ")}`);
  const needsCurrency = (doc.prices ?? []).length > 0 || doc.minimum_commitment != null || doc.currencies != null;
  if (needsCurrency && line.every((plan) => plan.currency == null)) report("currency", "is required: the plan has amounts");
  if (doc.trial === false && (doc.trial_days ?? 0) > 0) report("trial_days", "trial is false, but there are days of it");
  return faults;
}

function checkPrices(doc: PlanDocument, { meters, billing }: Surroundings, path: string): Fault[] {
  const seen = new Set<string>();
  return (doc.prices ?? []).flatMap((price, index) => {
    const at = `${path}.prices[${index}]`;
    const faults: Fault[] = [...checkPrice(price, at)];
    if (seen.has(price.key)) faults.push({ path: `${at}.key`, message: `is the key of another price of this plan: ${price.key}` });
    seen.add(price.key);
    if (price.type === "usage" && price.meter != null && !meters.has(price.meter)) {
      faults.push({ path: `${at}.meter`, message: `names no meter of the catalog: ${price.meter}` });
    }
    if (price.type === "usage" && /percentage/.test(price.model ?? "") && billing.has(price.meter ?? "")) {
      faults.push({
        path: `${at}.model`,
        message: `looks at single events, but credits cover parts of those of ${price.meter} (credit_overdraft: bill)`,
      });
    }
    return faults;
  });
}

function checkCurrency(doc: PlanDocument, currency: string, { plans }: Surroundings, path: string): Fault[] {
  const at = `${path}.currencies.${currency}`;
  const other = doc.currencies![currency]!;
  const own = lineage(doc, plans).find((plan) => plan.currency != null)?.currency;
  const amounts = other.prices ?? {};
  const prices = doc.prices ?? [];
  const faults: Fault[] = [];
  if (own === currency) faults.push({ path: at, message: "is the plan's own currency" });
  for (const key of Object.keys(amounts)) {
    if (!prices.some((price) => price.key === key))
      faults.push({ path: `${at}.prices.${key}`, message: `names no price of this plan: ${key}` });
  }
  if (doc.minimum_commitment != null && other.minimum_commitment == null) {
    faults.push({ path: `${at}.minimum_commitment`, message: `is required: the plan has one in ${own ?? "its own currency"}` });
  }
  return [...faults, ...prices.flatMap((price) => checkAmounts(price, amounts[price.key], currency, `${at}.prices.${price.key}`))];
}

function checkAmounts(price: PriceDocument, given: CurrencyPrice | undefined, currency: string, place: string): Fault[] {
  const money = moneyIn(price);
  if (given === undefined) {
    return money.length === 0 ? [] : [{ path: place, message: `is required: the ${money.join(" and ")} of ${price.key} in ${currency}` }];
  }
  const priced = withAmounts(price, given);
  const missing = money
    .filter((field) => (typeof given === "object" ? given[field] == null : field !== "amount" && field !== "unit_amount"))
    .map((field) => ({ path: `${place}.${field}`, message: `is required: the ${field} of ${price.key} in ${currency}` }));
  // What is wrong with the price itself is said at the price.
  const inherited = new Set(checkPrice(price, place).map((fault) => fault.path));
  return [...missing, ...checkPrice(priced, place).filter((fault) => !inherited.has(fault.path))];
}

function checkProcessorPrices(doc: PlanDocument, path: string): Fault[] {
  const keys = new Set((doc.prices ?? []).map((price) => price.key));
  return Object.entries(doc.processor_prices ?? {}).flatMap(([processor, prices]) =>
    Object.keys(prices)
      .filter((key) => !keys.has(key))
      .map((key) => ({ path: `${path}.processor_prices.${processor}.${key}`, message: `names no price of this plan: ${key}` })),
  );
}
