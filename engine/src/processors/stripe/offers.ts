/**
 * The plans as Stripe sells them: its active prices and their products, listed at most every ten minutes for all processes together, and anew
 * after it has told that one changed. Which of them are which of the catalog's is worked out each time, by the price book.
 */
import type { Offers, PlanOffer } from "../../billing/catalog/offer.ts";
import type { Plan } from "../../billing/catalog/plan.ts";
import type { Context } from "../../context.ts";
import { refusalOf, type StripeClient, StripeRefusal, StripeSilence } from "../../gateways/stripe/client.ts";
import { record } from "../../gateways/stripe/record.ts";
import { type Json, MalformedObject } from "./fields.ts";
import { type Listed, readOffer } from "./offer-shape.ts";
import { putOffers, readOffers } from "./offer-store.ts";
import { type Sold, soldBy } from "./parts.ts";

const FRESH_MS = 600_000;
/** For so long one that did not answer is not asked again by the same process. */
const QUIET_MS = 30_000;
const MOST_PAGES = 20;

type Read = { listed: Listed; fetchedAt: number; stale: boolean };

/** Answers the reader of one process: whoever asks meanwhile waits for the same answer of Stripe's. */
export function offerReader(client: StripeClient): (ctx: Context) => Promise<Offers> {
  let flight: Promise<Read> | null = null;
  let silence: { until: number; error: unknown } | null = null;

  async function read(ctx: Context): Promise<Read> {
    const now = ctx.clock.now();
    const row = await readOffers(ctx.pool);
    const kept = row?.offers && row.fetched_at !== null ? { listed: row.offers, fetchedAt: row.fetched_at, stale: false } : null;
    if (kept && row?.seen === row?.changes && now - kept.fetchedAt < FRESH_MS) return kept;
    try {
      if (silence && now < silence.until) throw silence.error;
      flight ??= list(ctx, client, row?.changes ?? 0n).finally(() => {
        flight = null;
      });
      return await flight;
    } catch (error) {
      if (!(error instanceof StripeSilence) && !(error instanceof StripeRefusal)) throw error;
      if (silence?.error !== error) {
        silence = { until: now + QUIET_MS, error };
        ctx.log.warn({ reason: error.message }, "what Stripe sells could not be listed");
      }
      if (kept) return { ...kept, stale: true };
      throw refusalOf(error);
    }
  }

  return async (ctx) => {
    const { listed, fetchedAt, stale } = await read(ctx);
    return { ...arranged(listed, await soldBy(ctx)), fetchedAt, stale };
  };
}

async function list(ctx: Context, client: StripeClient, seen: bigint): Promise<Read> {
  const fetchedAt = ctx.clock.now();
  const listed: Listed = { products: {}, prices: [] };
  let after: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const found = await client.call("prices.list", "list", (stripe) =>
      stripe.prices.list({
        active: true,
        type: "recurring",
        limit: 100,
        expand: ["data.product", "data.tiers"],
        ...(after === undefined ? {} : { starting_after: after }),
      }),
    );
    for (const price of found.data) {
      const offer = offerOf(ctx, record(price));
      if (!offer) continue;
      listed.products[offer.product.reference] = offer.product;
      listed.prices.push(offer.price);
    }
    after = found.data.at(-1)?.id;
    if (!found.has_more || after === undefined) {
      await putOffers(ctx.pool, { offers: listed, fetchedAt, seen });
      return { listed, fetchedAt, stale: false };
    }
  }
  throw new StripeSilence(`Stripe sells more than ${MOST_PAGES * 100} prices, which are not all listed.`, 200);
}

// One that cannot be read does not keep the others from being sold.
function offerOf(ctx: Context, price: Json): ReturnType<typeof readOffer> {
  try {
    return readOffer(price);
  } catch (error) {
    if (!(error instanceof MalformedObject)) throw error;
    ctx.log.warn({ price: price.id, reason: error.message }, "a price of Stripe's could not be read");
    return null;
  }
}

/** By plan; those of earlier versions are nobody's offer any more. */
function arranged({ products, prices }: Listed, { book, plans }: Sold): Pick<Offers, "plans" | "unmapped"> {
  const offers = new Map<string, PlanOffer>();
  const unmapped = new Map<string, (typeof prices)[number][]>();
  for (const price of prices) {
    const known = book.find(price.reference);
    const plan = known ? plans.get(known.plan) : undefined;
    const product = products[price.product];
    if (!product) continue;
    if (!known || !plan) {
      unmapped.set(price.product, [...(unmapped.get(price.product) ?? []), price]);
      continue;
    }
    if (known.version !== null && known.version !== plan.version) continue;
    const offer = offers.get(plan.key) ?? { processor: "stripe", product, prices: [], missing: [] };
    offer.prices.push({ ...price, price: known.price });
    offers.set(plan.key, offer);
  }
  for (const [key, offer] of offers) offers.set(key, inOrder(offer, plans.get(key)));
  return {
    plans: offers,
    unmapped: [...unmapped].flatMap(([reference, list]) => {
      const product = products[reference];
      return product ? [{ product, prices: list }] : [];
    }),
  };
}

/** As the catalog lists its prices, and what of them is not there. */
function inOrder(offer: PlanOffer, plan: Plan | undefined): PlanOffer {
  if (!plan) return offer;
  const keys = plan.pricesIn(plan.currency).map((price) => price.key);
  const place = (key: string) => (keys.includes(key) ? keys.indexOf(key) : keys.length);
  const sold = new Set(offer.prices.filter((price) => price.currency === plan.currency).map((price) => price.price));
  return {
    ...offer,
    prices: offer.prices.toSorted((a, b) => place(a.price) - place(b.price) || (a.currency < b.currency ? -1 : 1)),
    missing: keys.filter((key) => !sold.has(key)),
  };
}
