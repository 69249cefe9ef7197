/** What a processor sells, as it lists it itself, beside what the catalog says. Amounts are in minor units. Types alone. */
import type { Instant } from "../time/instant.ts";

export interface OfferedTier {
  up_to: number | null;
  unit_amount: string | null;
  flat_amount: string | null;
}

export interface OfferedPrice {
  /** The processor's names of it, and of what it is a price of. */
  reference: string;
  product: string;
  nickname: string | null;
  currency: string;
  /** null: it has tiers. */
  unit_amount: string | null;
  /** Units are sold in packages of so many; null: each by itself. */
  package_size: number | null;
  tiers_mode: "graduated" | "volume" | null;
  tiers: OfferedTier[] | null;
  usage_type: "licensed" | "metered";
  interval: "day" | "week" | "month" | "year";
  interval_count: number;
}

export interface OfferedProduct {
  reference: string;
  name: string | null;
  description: string | null;
}

/** A plan of the catalog, as it is sold there. */
export interface PlanOffer {
  processor: string;
  product: OfferedProduct;
  /** `price`: the key of the catalog's. */
  prices: (OfferedPrice & { price: string })[];
  /** Prices of the plan, in its own currency, that are not sold there: while there are any, it is not sold there. */
  missing: string[];
}

export interface Offers {
  plans: ReadonlyMap<string, PlanOffer>;
  /** What is sold there and is of no plan. */
  unmapped: readonly { product: OfferedProduct; prices: readonly OfferedPrice[] }[];
  fetchedAt: Instant;
  /** The processor does not answer: this is what it sold then. */
  stale: boolean;
}
