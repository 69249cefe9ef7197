/** What a quote prices: a plan on sale, or prices that nobody has declared yet, which then are a plan without a name. */
import { type Fault, Refusal } from "../../errors.ts";
import type { CatalogSnapshot } from "../catalog/cache.ts";
import { checkPrice } from "../catalog/check-price.ts";
import type { PlanDocument } from "../catalog/document.ts";
import { parsePlan } from "../catalog/parse.ts";
import type { Plan } from "../catalog/plan.ts";
import { termsOf } from "../catalog/terms.ts";
import type { QuoteBody } from "./quote-schema.ts";

export interface Offer {
  readonly plan: Plan;
  readonly currency: string;
  /** False: the plan was made up from the prices of the body. */
  readonly named: boolean;
}

/** The offer, or null with the faults reported. Throws `plan_not_found`. */
export function offerOf(body: QuoteBody, catalog: CatalogSnapshot, faults: Fault[]): Offer | null {
  if ((body.prices == null) === (body.plan == null)) {
    const message = body.plan == null ? "is required: either prices or a plan" : "cannot be priced together: give either prices or a plan";
    faults.push({ path: "prices", message }, { path: "plan", message });
    return null;
  }
  const offer = body.plan == null ? unnamed(body, faults) : named(body, body.plan, catalog, faults);
  if (offer === null) return null;
  const { plan, currency } = offer;
  return {
    ...offer,
    plan: {
      ...plan,
      prorationUnit: body.proration_unit ?? plan.prorationUnit,
      minimumCommitment:
        body.minimum_commitment == null
          ? plan.minimumCommitment
          : { ...plan.minimumCommitment, [currency]: BigInt(body.minimum_commitment) },
    },
  };
}

function named(body: QuoteBody, key: string, catalog: CatalogSnapshot, faults: Fault[]): Offer | null {
  const plan = catalog.plans.get(key);
  if (!plan || plan.archived) {
    throw new Refusal("plan_not_found", `There is no plan ${JSON.stringify(key)} on sale.`, {
      faults: [{ path: "plan", message: "names no plan" }],
    });
  }
  const currency = body.currency ?? plan.currency;
  // A plan that costs nothing is sold in every currency.
  if (!plan.currencies.includes(currency) && plan.pricesIn(plan.currency).length > 0) {
    faults.push({ path: "currency", message: `${key} is sold in ${plan.currencies.join(", ")}` });
    return null;
  }
  return { plan, currency, named: true };
}

function unnamed(body: QuoteBody, faults: Fault[]): Offer | null {
  const prices = body.prices ?? [];
  const found: Fault[] = [];
  if (body.currency == null) found.push({ path: "currency", message: "is required: the prices do not say it" });
  const seen = new Set<string>();
  for (const [index, price] of prices.entries()) {
    found.push(...checkPrice(price, `prices[${index}]`));
    if (seen.has(price.key)) found.push({ path: `prices[${index}].key`, message: `is the key of another price: ${price.key}` });
    seen.add(price.key);
  }
  faults.push(...found);
  if (found.length > 0 || body.currency == null) return null;
  const head: PlanDocument = { key: "quote", currency: body.currency, prices };
  const plan = parsePlan({ key: head.key, version: 0, head, terms: termsOf(head, new Map()), archived: false }, 0);
  return { plan, currency: body.currency, named: false };
}
