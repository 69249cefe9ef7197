/**
 * Makes at Stripe what the catalog sells: a product a plan, a meter a meter, a price a price of the plan's current version. What is there is
 * found by keys that follow from the catalog, so that doing it again does nothing; what Stripe cannot do is named, and left out.
 */
import type { CatalogSnapshot } from "../../billing/catalog/cache.ts";
import type { Plan } from "../../billing/catalog/plan.ts";
import type { Price } from "../../billing/catalog/price.ts";
import type { Instant } from "../../billing/time/instant.ts";
import type { Database } from "../../db/pool.ts";
import { type StripeClient, StripeRefusal } from "../../gateways/stripe/client.ts";
import { insertSyncedMeter } from "./meter-store.ts";
import { formulaOf, lookupKeyOf, priceParams, productIdOf } from "./price-params.ts";
import { insertSyncedPrice } from "./store.ts";

export interface SyncChange {
  kind: "meter" | "product" | "price";
  key: string;
  action: "create" | "none" | "unsupported";
  /** Stripe's id, where it is there; of what it cannot do, why. */
  reference: string | null;
  words: string;
}

export interface SyncPlan {
  changes: readonly SyncChange[];
  apply(db: Database, at: Instant): Promise<void>;
}

interface Offer {
  plan: Plan;
  price: Price;
  currency: string;
}

/** Reads what is there, and answers what is missing. `names`: what meters are called at Stripe, where it is not their key. */
export async function planSync(client: StripeClient, catalog: CatalogSnapshot, names: Readonly<Record<string, string>>): Promise<SyncPlan> {
  const plans = [...catalog.plans.values()].filter((plan) => !plan.archived);
  const offers = plans.flatMap((plan) =>
    plan.currencies.flatMap((currency) => plan.pricesIn(currency).map((price) => ({ plan, price, currency }))),
  );
  const meters = await metersThere(client);
  const prices = await pricesThere(client, offers);
  const used = [...new Set(offers.flatMap(({ price }) => (price.meter === undefined ? [] : [price.meter])))].map(
    (key) => catalog.meters.get(key)!,
  );
  const nameOf = (key: string) => names[key] ?? key;
  const changes: SyncChange[] = [];
  const works: ((db: Database, at: Instant) => Promise<void>)[] = [];

  for (const meter of used) {
    const event = nameOf(meter.key);
    const formula = formulaOf(meter);
    const known = meters.get(event) ?? null;
    if (formula === null) {
      changes.push({
        kind: "meter",
        key: meter.key,
        action: "unsupported",
        reference: null,
        words: `Stripe's meters have no ${meter.aggregation}`,
      });
      continue;
    }
    changes.push({ kind: "meter", key: meter.key, action: known ? "none" : "create", reference: known, words: `${formula} of ${event}` });
    works.push(async (db, at) => {
      const reference = known ?? (await makeMeter(client, event, meter.name ?? meter.key, formula));
      meters.set(event, reference);
      await insertSyncedMeter(db, { meter: meter.key, event, reference }, at);
    });
  }
  for (const plan of plans.filter((one) => one.pricesIn(one.currency).length > 0)) {
    const there = await productThere(client, productIdOf(plan));
    changes.push({
      kind: "product",
      key: plan.key,
      action: there ? "none" : "create",
      reference: there ? productIdOf(plan) : null,
      words: plan.name,
    });
    if (!there) works.push(() => makeProduct(client, plan));
  }
  for (const { plan, price, currency } of offers) {
    const key = `${plan.key}@${plan.version} ${price.key} ${currency}`;
    const known = prices.get(lookupKeyOf(plan, price.key, currency)) ?? null;
    const meter = price.meter === undefined ? null : catalog.meters.get(price.meter)!;
    const params =
      meter && formulaOf(meter) === null ? `Stripe's meters have no ${meter.aggregation}` : priceParams(plan, price, currency, null);
    if (typeof params === "string") {
      changes.push({ kind: "price", key, action: "unsupported", reference: null, words: params });
      continue;
    }
    changes.push({ kind: "price", key, action: known ? "none" : "create", reference: known, words: `${price.type}, ${price.model}` });
    works.push(async (db, at) => {
      const reference =
        known ?? (await makePrice(client, { plan, price, currency }, meter === null ? null : (meters.get(nameOf(meter.key)) ?? null)));
      await insertSyncedPrice(db, plan, price.key, currency, reference, at);
    });
  }
  return {
    changes,
    async apply(db, at) {
      for (const work of works) await work(db, at);
    },
  };
}

async function metersThere(client: StripeClient): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let after: string | undefined; ; ) {
    const page = await client.call("billing.meters.list", "list", (stripe) =>
      stripe.billing.meters.list({ limit: 100, ...(after === undefined ? {} : { starting_after: after }) }),
    );
    for (const meter of page.data) if (meter.status !== "inactive") found.set(meter.event_name, meter.id);
    if (page.has_more !== true) return found;
    after = page.data.at(-1)!.id;
  }
}

/** By the keys of ten at a time, which is as many as Stripe takes. */
async function pricesThere(client: StripeClient, offers: readonly Offer[]): Promise<Map<string, string>> {
  const keys = offers.map(({ plan, price, currency }) => lookupKeyOf(plan, price.key, currency));
  const found = new Map<string, string>();
  for (let from = 0; from < keys.length; from += 10) {
    const some = keys.slice(from, from + 10);
    const page = await client.call("prices.list", "list", (stripe) => stripe.prices.list({ lookup_keys: some, limit: 100 }));
    for (const price of page.data) if (price.lookup_key !== null) found.set(price.lookup_key, price.id);
  }
  return found;
}

async function productThere(client: StripeClient, id: string): Promise<boolean> {
  try {
    await client.call("products.retrieve", "product", (stripe) => stripe.products.retrieve(id));
    return true;
  } catch (error) {
    if (error instanceof StripeRefusal && error.status === 404) return false;
    throw error;
  }
}

async function makeProduct(client: StripeClient, plan: Plan): Promise<void> {
  const id = productIdOf(plan);
  await client.call("products.create", "product", (stripe) =>
    stripe.products.create({ id, name: plan.name, metadata: { billwright_plan: plan.key } }, { idempotencyKey: `product-${id}` }),
  );
}

async function makeMeter(client: StripeClient, event: string, name: string, formula: "count" | "sum" | "last"): Promise<string> {
  const made = await client.call("billing.meters.create", "billing.meter", (stripe) =>
    stripe.billing.meters.create(
      {
        event_name: event,
        display_name: name,
        default_aggregation: { formula },
        customer_mapping: { type: "by_id", event_payload_key: "stripe_customer_id" },
        value_settings: { event_payload_key: "value" },
      },
      { idempotencyKey: `meter-${event}` },
    ),
  );
  return made.id;
}

async function makePrice(client: StripeClient, { plan, price, currency }: Offer, meter: string | null): Promise<string> {
  const params = priceParams(plan, price, currency, meter);
  if (typeof params === "string") throw new Error(params);
  const made = await client.call("prices.create", "price", (stripe) =>
    stripe.prices.create(params, { idempotencyKey: lookupKeyOf(plan, price.key, currency) }),
  );
  return made.id;
}
