/**
 * The eight aggregations (domain §4), each as a state that events are added to and that merges with another, in any
 * order and any partition, to the same last digit: usage reads, entitlement checks and invoices all end here.
 */
import { type Decimal, ZERO } from "../money/decimal.ts";

export type Aggregation = "count" | "sum" | "max" | "min" | "avg" | "latest" | "unique_count" | "weighted_sum";

export interface AggregateEvent {
  /** Epoch microseconds. */
  readonly atUs: number;
  /** Order of receipt, unique: a number, a decimal text, or a time-ordered id. */
  readonly seq: number | string;
  /** The metered value; null where the aggregation reads none. */
  readonly value: Decimal | null;
  /** The property as text, for unique_count. */
  readonly text: string | null;
  /** unique_count only; default add. */
  readonly operation?: "add" | "remove";
}

/** The last operation on one value of unique_count. */
export interface Mark {
  readonly atUs: number;
  readonly seq: number | string;
  readonly operation: "add" | "remove";
}

/** What a bucket keeps. Null values: no event yet. `moment` is Σ value × atUs. */
export type AggregateState =
  | { readonly of: "count"; readonly n: number }
  | { readonly of: "sum"; readonly sum: Decimal }
  | { readonly of: "max" | "min"; readonly value: Decimal | null }
  | { readonly of: "avg"; readonly sum: Decimal; readonly n: number }
  | { readonly of: "latest"; readonly value: Decimal | null; readonly atUs: number; readonly seq: number | string }
  | { readonly of: "unique_count"; readonly marks: Map<string, Mark> }
  | { readonly of: "weighted_sum"; readonly sum: Decimal; readonly moment: Decimal };

/** Half-open, epoch microseconds; `carried` is the value in force at its start (recurring weighted_sum), default 0. */
export interface Window {
  readonly startUs: number;
  readonly endUs: number;
  readonly carried?: Decimal;
}

/** Whether a bucket's state has a fixed size, so that rollups can keep it. unique_count has not: it needs its events. */
export function isDecomposable(aggregation: Aggregation): boolean {
  return aggregation !== "unique_count";
}

export function emptyState(aggregation: Aggregation): AggregateState {
  throw new Error(`not written yet: ${aggregation}`);
}

/** The state with one more event. Takes the state over: unique_count updates it in place. */
export function addEvent(state: AggregateState, _event: AggregateEvent): AggregateState {
  return state;
}

/** Both states together; neither is changed. Throws TypeError if they are of different aggregations. */
export function merge(a: AggregateState, _b: AggregateState): AggregateState {
  return a;
}

/** The value, of at most 12 places. weighted_sum needs the window. */
export function valueOf(_state: AggregateState, _window?: Window): Decimal {
  return ZERO;
}

/** Everything at once, for short lists of events; with a window, only those in it count, but `recurring` carries earlier ones in. */
export function aggregate(
  aggregation: Aggregation,
  _events: Iterable<AggregateEvent>,
  _options: { window?: Window; recurring?: boolean } = {},
): Decimal {
  return valueOf(emptyState(aggregation));
}
