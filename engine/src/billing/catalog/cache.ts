/** The catalog as the process knows it, parsed once for each revision. */
import type { Coupon } from "./coupon.ts";
import type { CreditEvent, CreditProduct } from "./credit-offer.ts";
import type { Feature } from "./feature.ts";
import type { Meter } from "./meter.ts";
import type { Plan } from "./plan.ts";
import type { TaxRate } from "./tax-rate.ts";

export interface CatalogSnapshot {
  revision: bigint;
  meters: ReadonlyMap<string, Meter>;
  /** The meters that events are read by, by event name: all but those that are archived and that no plan was ever sold on. */
  metersByEvent: ReadonlyMap<string, readonly Meter[]>;
  /** Each plan at its current version. */
  plans: ReadonlyMap<string, Plan>;
  features: ReadonlyMap<string, Feature>;
  creditEvents: ReadonlyMap<string, CreditEvent>;
  creditProducts: ReadonlyMap<string, CreditProduct>;
  coupons: ReadonlyMap<string, Coupon>;
  taxRates: ReadonlyMap<string, TaxRate>;
}

export interface CatalogCache {
  /** The current snapshot. Asks the database for the revision at most once a second; `fresh` asks now. */
  current(options?: { fresh?: boolean }): Promise<CatalogSnapshot>;
  /** A plan at a version that was sold; versions never change, so they are kept for ever. */
  plan(key: string, version: number): Promise<Plan>;
  /** This process changed the catalog: the next `current` reads it anew. */
  invalidate(): void;
}
