/**
 * Which of Stripe's prices are which of our catalog's. Three say it, the first that does holds: what `billwright stripe sync` made, what the
 * catalog declares (`processor_prices`), and STRIPE_PRODUCT_PRICE_MAP. Pure.
 */
import type { Plan } from "../../billing/catalog/plan.ts";

/** By plan, one price for the whole plan, or by price key: `base`, or `base.inr` in one of several currencies. */
export type PriceMap = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

export interface SyncedPrice {
  plan_key: string;
  plan_version: number;
  price_key: string;
  currency: string;
  reference: string;
}

export interface FoundPrice {
  plan: string;
  /** null: of whichever version. */
  version: number | null;
  price: string;
}

export interface PriceBook {
  /** Stripe's price of one of a plan's; null: nobody said which. */
  referenceOf(plan: Plan, price: string, currency: string): string | null;
  /** What a price of Stripe's is here; null: nothing. */
  find(reference: string): FoundPrice | null;
}

export function priceBook(plans: readonly Plan[], map: PriceMap, synced: readonly SyncedPrice[]): PriceBook {
  const made = new Map(synced.map((row) => [nameOf(row.plan_key, row.plan_version, row.price_key, row.currency), row.reference]));
  const found = new Map<string, FoundPrice>();
  const note = (reference: string, plan: string, version: number | null, price: string) => {
    if (!found.has(reference)) found.set(reference, { plan, version, price });
  };
  for (const row of synced) note(row.reference, row.plan_key, row.plan_version, row.price_key);
  for (const plan of plans) {
    for (const [price, reference] of Object.entries(plan.processorPrices.stripe ?? {})) note(reference, plan.key, plan.version, price);
    for (const [price, reference] of Object.entries(mapped(plan, map))) note(reference, plan.key, null, price.split(".")[0]!);
  }
  return {
    referenceOf(plan, price, currency) {
      const own = mapped(plan, map);
      return (
        made.get(nameOf(plan.key, plan.version, price, currency)) ??
        (currency === plan.currency ? plan.processorPrices.stripe?.[price] : undefined) ??
        own[`${price}.${currency}`] ??
        (currency === plan.currency ? own[price] : undefined) ??
        null
      );
    },
    find: (reference) => found.get(reference) ?? null,
  };
}

const nameOf = (...parts: (string | number)[]) => parts.join(" ");

/** One price for a plan is that of its first. */
function mapped(plan: Plan, map: PriceMap): Readonly<Record<string, string>> {
  const entry = map[plan.key];
  if (entry === undefined || typeof entry !== "string") return entry ?? {};
  const [first] = plan.pricesIn(plan.currency);
  return first ? { [first.key]: entry } : {};
}

export interface SoldItem {
  price: string;
  quantity: number | null;
}

/** The plan that items of a subscription are, with its seats; null: they are of none, or of several. */
export function soldAs(book: PriceBook, items: readonly SoldItem[], plans: ReadonlyMap<string, Plan>) {
  const known = items.flatMap((item) => {
    const price = book.find(item.price);
    return price ? [{ ...price, quantity: item.quantity }] : [];
  });
  const [first] = known;
  if (!first || known.some((one) => one.plan !== first.plan)) return null;
  const plan = plans.get(first.plan);
  if (!plan) return null;
  const seatPrice = plan.pricesIn(plan.currency).find((price) => price.type === "seat");
  const seats = seatPrice ? (known.find((one) => one.price === seatPrice.key)?.quantity ?? null) : null;
  return { plan, version: first.version, seats };
}

/** What is sold of a plan at Stripe: an item a price, seats by their number, usage by its meter. */
export function itemsOf(book: PriceBook, plan: Plan, seats: number, currency: string): { items: SoldItem[]; missing: string[] } {
  const prices = plan.pricesIn(currency);
  const items: SoldItem[] = [];
  const missing: string[] = [];
  for (const price of prices) {
    const reference = book.referenceOf(plan, price.key, currency);
    if (reference === null) missing.push(price.key);
    else items.push({ price: reference, quantity: price.type === "usage" ? null : price.type === "seat" ? seats : 1 });
  }
  return { items, missing };
}
