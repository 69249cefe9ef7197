/** What the files of this processor share: who asks at Stripe, who is who there, and what is sold as what. */
import type { Plan } from "../../billing/catalog/plan.ts";
import type { Context } from "../../context.ts";
import { type Database, onPlatform } from "../../db/pool.ts";
import type { StripeClient } from "../../gateways/stripe/client.ts";
import { type PriceBook, priceBook } from "./price-book.ts";
import { readSyncedPrices } from "./store.ts";

export interface StripeParts {
  client: StripeClient;
  /** Stripe's name of the tenant's customer; made if there is none, never twice. */
  customerOf(ctx: Context, tenantId: string): Promise<string>;
  /** Whose customer it is; null: nobody's here. */
  tenantOf(ctx: Context, customer: string): Promise<string | null>;
}

export interface Sold {
  book: PriceBook;
  plans: ReadonlyMap<string, Plan>;
}

export async function soldBy(ctx: Context, db: Database = onPlatform(ctx.pool)): Promise<Sold> {
  const { plans } = await ctx.catalog.current();
  return { plans, book: priceBook([...plans.values()], ctx.config.stripePrices, await readSyncedPrices(db)) };
}
