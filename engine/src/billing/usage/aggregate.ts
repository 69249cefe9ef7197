/**
 * The eight aggregations (domain §4), each as a state that events are added to and that merges with another, in any
 * order and any partition, to the same last digit: usage reads, entitlement checks and invoices all end here.
 */
import type { Aggregation } from "../catalog/meter.ts";
import { type Decimal, decimal, QUANTITY_SCALE, quotient, ZERO } from "../money/decimal.ts";

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

/** The last operation on one value of unique_count, which alone says whether it is held. */
export interface Mark {
  readonly atUs: number;
  readonly seq: number | string;
  readonly operation: "add" | "remove";
}

/** What a bucket keeps. A null value: no event yet. `moment` is Σ value × atUs. */
export type AggregateState =
  | { readonly of: "count"; readonly n: number }
  | { readonly of: "sum"; readonly sum: Decimal }
  | { readonly of: "max" | "min"; readonly value: Decimal | null }
  | { readonly of: "avg"; readonly sum: Decimal; readonly n: number }
  | { readonly of: "latest"; readonly value: Decimal | null; readonly atUs: number; readonly seq: number | string }
  | { readonly of: "unique_count"; readonly marks: Map<string, Mark> }
  | { readonly of: "weighted_sum"; readonly sum: Decimal; readonly moment: Decimal };

/** Half-open, epoch microseconds. `carried` is the value in force at its start (a recurring weighted_sum), default 0. */
export interface Window {
  readonly startUs: number;
  readonly endUs: number;
  readonly carried?: Decimal;
}

/**
 * Whether a bucket's state has a fixed size, so that rollups can keep it. unique_count has not: it needs its events, or
 * its set. weighted_sum has: Σ value × (end − at) = end × Σ value − Σ value × at, whatever the end.
 */
export function isDecomposable(aggregation: Aggregation): boolean {
  return aggregation !== "unique_count";
}

/** Whether `recurring` means something: what was added before a period still stands in it. */
export function carriesOver(aggregation: Aggregation): boolean {
  return aggregation === "sum" || aggregation === "unique_count" || aggregation === "weighted_sum";
}

export function emptyState(aggregation: Aggregation): AggregateState {
  switch (aggregation) {
    case "count":
      return { of: aggregation, n: 0 };
    case "sum":
      return { of: aggregation, sum: ZERO };
    case "max":
    case "min":
      return { of: aggregation, value: null };
    case "avg":
      return { of: aggregation, sum: ZERO, n: 0 };
    case "latest":
      return { of: aggregation, value: null, atUs: 0, seq: 0 };
    case "unique_count":
      return { of: aggregation, marks: new Map() };
    case "weighted_sum":
      return { of: aggregation, sum: ZERO, moment: ZERO };
  }
}

/** The state with one more event. Takes the state over: unique_count updates it in place, a copy for each event would be quadratic. */
export function addEvent(state: AggregateState, event: AggregateEvent): AggregateState {
  if (state.of === "count") return { of: "count", n: state.n + 1 };
  if (state.of === "unique_count") {
    if (event.text !== null) keepLater(state.marks, event.text, { atUs: event.atUs, seq: event.seq, operation: event.operation ?? "add" });
    return state;
  }
  const { value } = event;
  if (value === null) return state;
  switch (state.of) {
    case "sum":
      return { of: "sum", sum: state.sum.plus(value) };
    case "max":
    case "min":
      return { of: state.of, value: extreme(state.of, state.value, value) };
    case "avg":
      return { of: "avg", sum: state.sum.plus(value), n: state.n + 1 };
    case "latest":
      return state.value === null || isLater(event, state) ? { of: "latest", value, atUs: event.atUs, seq: event.seq } : state;
    case "weighted_sum":
      return { of: "weighted_sum", sum: state.sum.plus(value), moment: state.moment.plus(value.times(decimal(event.atUs))) };
  }
}

/** Both states together; neither is changed. Throws TypeError if they are of different aggregations. */
export function merge(a: AggregateState, b: AggregateState): AggregateState {
  if (a.of === "count" && b.of === "count") return { of: "count", n: a.n + b.n };
  if (a.of === "sum" && b.of === "sum") return { of: "sum", sum: a.sum.plus(b.sum) };
  if (a.of === "avg" && b.of === "avg") return { of: "avg", sum: a.sum.plus(b.sum), n: a.n + b.n };
  if (a.of === "weighted_sum" && b.of === "weighted_sum") return { of: a.of, sum: a.sum.plus(b.sum), moment: a.moment.plus(b.moment) };
  if (a.of === "latest" && b.of === "latest") return b.value !== null && (a.value === null || isLater(b, a)) ? b : a;
  if (a.of === "unique_count" && b.of === "unique_count") {
    const marks = new Map(a.marks);
    for (const [text, mark] of b.marks) keepLater(marks, text, mark);
    return { of: a.of, marks };
  }
  if ((a.of === "max" || a.of === "min") && (b.of === "max" || b.of === "min") && a.of === b.of) {
    return { of: a.of, value: b.value === null ? a.value : extreme(a.of, a.value, b.value) };
  }
  throw new TypeError(`a state of ${a.of} does not merge with one of ${b.of}`);
}

/** The value of a state, of at most 12 places; without events 0. weighted_sum needs the window, and events inside it only. */
export function stateValue(state: AggregateState, window?: Window): Decimal {
  switch (state.of) {
    case "count":
      return decimal(state.n);
    case "sum":
      return state.sum;
    case "max":
    case "min":
    case "latest":
      return state.value ?? ZERO;
    case "avg":
      return state.n === 0 ? ZERO : quotient(state.sum, decimal(state.n), QUANTITY_SCALE);
    case "unique_count": {
      let held = 0;
      for (const mark of state.marks.values()) if (mark.operation === "add") held += 1;
      return decimal(held);
    }
    case "weighted_sum": {
      if (!window) throw new TypeError("weighted_sum has a value only over a window");
      const length = decimal(window.endUs - window.startUs);
      if (length.lte(ZERO)) return ZERO;
      const inForce = decimal(window.endUs).times(state.sum).minus(state.moment);
      return quotient(window.carried ? inForce.plus(window.carried.times(length)) : inForce, length, QUANTITY_SCALE);
    }
  }
}

/**
 * Everything at once, for short lists of events in any order. With a window only the events in it count; `recurring`
 * carries in what those before it added, for the aggregations that carry over.
 */
export function aggregate(
  aggregation: Aggregation,
  events: Iterable<AggregateEvent>,
  options: { window?: Window; recurring?: boolean } = {},
): Decimal {
  const { window } = options;
  const recurring = options.recurring === true && carriesOver(aggregation);
  let state = emptyState(aggregation);
  let carried = window?.carried ?? ZERO;
  for (const event of events) {
    if (window && event.atUs >= window.endUs) continue;
    if (window && event.atUs < window.startUs) {
      if (!recurring) continue;
      // A value from before the window is in force from its start, not from when it was added.
      if (aggregation === "weighted_sum") {
        carried = carried.plus(event.value ?? ZERO);
        continue;
      }
    }
    state = addEvent(state, event);
  }
  return stateValue(state, window && { ...window, carried });
}

/** The value in force at the end of a window, which the next one of a recurring weighted_sum starts with. */
export function valueAtEnd(state: AggregateState, carried: Decimal): Decimal {
  return state.of === "weighted_sum" ? state.sum.plus(carried) : carried;
}

function extreme(of: "max" | "min", held: Decimal | null, value: Decimal): Decimal {
  if (held === null) return value;
  return (of === "max" ? value.gt(held) : value.lt(held)) ? value : held;
}

function keepLater(marks: Map<string, Mark>, text: string, mark: Mark): void {
  const held = marks.get(text);
  if (!held || isLater(mark, held)) marks.set(text, mark);
}

interface Position {
  readonly atUs: number;
  readonly seq: number | string;
}

function isLater(a: Position, b: Position): boolean {
  if (a.atUs !== b.atUs) return a.atUs > b.atUs;
  const [x, y] = [String(a.seq), String(b.seq)];
  // Whole numbers compare by size ("9" before "10"); ids are ordered as text.
  if (/^\d+$/.test(x) && /^\d+$/.test(y) && x.length !== y.length) return x.length > y.length;
  return x > y;
}
