/** A meter: which events count, and how they become one number. The parsed form of the catalog document's `meters[]`. */

export const AGGREGATIONS = ["count", "sum", "max", "min", "avg", "latest", "unique_count", "weighted_sum"] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

/** Where there are too few credits for an event: refuse it, take what is there, or take what is there and bill the rest. */
export const CREDIT_OVERDRAFTS = ["reject", "allow", "bill"] as const;
export type CreditOverdraft = (typeof CREDIT_OVERDRAFTS)[number];

export interface Meter {
  /** The short name of the meter in rollups. */
  no: number;
  key: string;
  name: string | null;
  unit: string | null;
  /** What an event must be named to be read. */
  event: string;
  aggregation: Aggregation;
  /** Which property holds the value; null: the event's own `amount`. */
  property: string | null;
  filters: Readonly<Record<string, readonly string[]>>;
  groupBy: readonly string[];
  /** unique_count and weighted_sum: carries over period ends. */
  recurring: boolean;
  /** Rounds the value of a period before it is priced. */
  rounding: { mode: "round" | "ceil" | "floor"; precision: number } | null;
  /** Credits that one costs as it is recorded, a decimal; null: none. */
  creditCost: string | null;
  creditOverdraft: CreditOverdraft;
  archived: boolean;
  /** Events were read or a price on it was sold: what it measures is fixed. Who makes it so calls `markMetersUsed`. */
  used: boolean;
}

/** What it tells is held over time, as storage or seats are, not used up as events are: half a period of it is half of its price. */
export function isLevel({ aggregation, recurring }: Meter): boolean {
  return recurring || (aggregation !== "count" && aggregation !== "sum");
}
