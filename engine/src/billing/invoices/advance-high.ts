/**
 * What a usage price with `timing: "in_advance"` bills of a period: the highest value that its meter had on the way. The fees of single
 * events, each what all so far cost less what those before it did, add up to the price of it (`catalog/in-advance.ts`), so that an
 * invoice needs no fee by itself and agrees with a quote.
 */
import type { Aggregation, Meter } from "../catalog/meter.ts";
import type { Price } from "../catalog/price.ts";
import { type Decimal, ZERO } from "../money/decimal.ts";
import { type AggregateState, addEvent, emptyState, stateValue } from "../usage/aggregate.ts";
import { roundQuantity } from "../usage/rounding.ts";

// A count or a maximum never falls. Of a weighted sum and of a unique count, single events do not tell what they came to.
const FALLS: ReadonlySet<Aggregation> = new Set(["sum", "latest", "min", "avg"]);

/** Whether the events must be looked at one by one. */
export function needsHigh(price: Price, meter: Meter): boolean {
  return price.timing === "in_advance" && FALLS.has(meter.aggregation);
}

/** `values`: of each event, in order of time. Never below zero. */
export function highest(meter: Meter, values: readonly Decimal[]): Decimal {
  let state: AggregateState = emptyState(meter.aggregation);
  let high = ZERO;
  values.forEach((value, index) => {
    state = addEvent(state, { atUs: index, seq: index, value, text: null });
    const reached = roundQuantity(stateValue(state), meter.rounding);
    if (reached.gt(high)) high = reached;
  });
  return high;
}
