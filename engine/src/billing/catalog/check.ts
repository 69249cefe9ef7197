/** All that is wrong with a catalog document that its schema lets pass, each fault at its place. */
import type { Fault } from "../../errors.ts";
import { decimal, ZERO } from "../money/decimal.ts";
import { SECTIONS } from "./canonical.ts";
import { checkCoupon, checkTaxRates } from "./check-coupon.ts";
import { checkFeature, checkMeasure, checkMeter } from "./check-meter.ts";
import { checkPlan } from "./check-plan.ts";
import type { CatalogDocument, CreditEventDocument, MeterDocument, PlanDocument } from "./document.ts";
import { lineage } from "./terms.ts";

/** `used`: the meters whose measure is fixed, as they stand. No fault: the document can be diffed and applied. */
export function checkCatalog(doc: CatalogDocument, used: ReadonlyMap<string, MeterDocument>): Fault[] {
  const around = {
    meters: new Set((doc.meters ?? []).map((meter) => meter.key)),
    billing: new Set((doc.meters ?? []).filter((meter) => meter.credit_overdraft === "bill").map((meter) => meter.key)),
    features: new Map((doc.features ?? []).map((feature) => [feature.key, feature])),
    plans: new Map((doc.plans ?? []).map((plan) => [plan.key, plan])),
  };
  const meters = (doc.meters ?? []).flatMap((meter, index) => {
    const path = `meters[${index}]`;
    const before = used.get(meter.key);
    const faults = checkMeter(meter, path);
    return before && faults.length === 0 ? checkMeasure(before, meter, path) : faults;
  });
  return [
    ...SECTIONS.flatMap(({ section }) => twice(doc[section] ?? [], section)),
    ...meters,
    ...(doc.features ?? []).flatMap((feature, index) => checkFeature(feature, around.meters, `features[${index}]`)),
    ...(doc.plans ?? []).flatMap((plan, index) => checkPlan(plan, around, `plans[${index}]`)),
    ...checkDefaults(doc.plans ?? [], around.plans),
    ...(doc.credit_events ?? []).flatMap((event, index) => checkCreditEvent(event, around.plans, `credit_events[${index}]`)),
    ...(doc.credit_products ?? []).flatMap((product, index) =>
      decimal(product.credits).gt(ZERO)
        ? []
        : [{ path: `credit_products[${index}].credits`, message: "must be above zero: it would sell nothing" }],
    ),
    ...(doc.coupons ?? []).flatMap((coupon, index) => checkCoupon(coupon, around.plans, `coupons[${index}]`)),
    ...checkTaxRates(doc.tax_rates ?? []),
  ];
}

function twice(docs: readonly { key: string }[], section: string): Fault[] {
  const seen = new Set<string>();
  return docs.flatMap(({ key }, index) => {
    if (seen.has(key)) return [{ path: `${section}[${index}].key`, message: `is there twice: ${key}` }];
    seen.add(key);
    return [];
  });
}

// A tenant without a subscription has one plan, whatever its currency.
function checkDefaults(plans: readonly PlanDocument[], all: ReadonlyMap<string, PlanDocument>): Fault[] {
  const taken = new Map<string, string>();
  return plans.flatMap((plan, index) => {
    if (!plan.default) return [];
    const own = lineage(plan, all).find((doc) => doc.currency != null)?.currency ?? "usd";
    const currencies = [own, ...Object.keys(plan.currencies ?? {})];
    const clash = currencies.find((currency) => taken.has(currency));
    if (clash !== undefined) {
      return [{ path: `plans[${index}].default`, message: `${taken.get(clash)} is the default plan in ${clash} already` }];
    }
    for (const currency of currencies) taken.set(currency, plan.key);
    return [];
  });
}

function checkCreditEvent(event: CreditEventDocument, plans: ReadonlyMap<string, PlanDocument>, path: string): Fault[] {
  return Object.keys(event.plans ?? {})
    .filter((key) => !plans.has(key))
    .map((key) => ({ path: `${path}.plans.${key}`, message: `names no plan of the catalog: ${key}` }));
}
