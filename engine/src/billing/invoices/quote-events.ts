/** The events of a quote, metered by the same pure code as stored usage: what is read of them, and what each price bills. */
import type { Fault } from "../../errors.ts";
import type { Meter } from "../catalog/meter.ts";
import type { Price } from "../catalog/price.ts";
import { type Decimal, decimal, ONE, ZERO } from "../money/decimal.ts";
import { type Instant, parseMicros } from "../time/instant.ts";
import type { Period } from "../time/period.ts";
import { type AggregateEvent, type AggregateState, addEvent, aggregate, carriesOver, emptyState, stateValue } from "../usage/aggregate.ts";
import { type Filters, mostSpecific, type Properties, propertyText } from "../usage/filter.ts";
import { groupKey, groupOf } from "../usage/group.ts";
import { readEvent } from "../usage/reading.ts";
import { roundQuantity } from "../usage/rounding.ts";
import type { Consumption, Step } from "./quote-consumption.ts";
import type { EventDocument } from "./quote-schema.ts";

export interface QuoteEvent {
  /** Place in the body. */
  readonly index: number;
  readonly event: string;
  readonly atUs: number;
  readonly amount: Decimal;
  readonly properties: Properties;
}

/** What a meter reads of an event. */
interface Reading extends AggregateEvent {
  readonly properties: Properties;
}

interface Span {
  readonly startUs: number;
  readonly endUs: number;
}

/** The events in order of time; of the same event name and idempotency key only the first. */
export function parseEvents(docs: readonly EventDocument[], untimed: Instant, faults: Fault[]): QuoteEvent[] {
  const seen = new Set<string>();
  const events: QuoteEvent[] = [];
  for (const [index, doc] of docs.entries()) {
    const atUs = doc.at == null ? untimed * 1_000 : parseMicros(doc.at);
    if (atUs === null) faults.push({ path: `events[${index}].at`, message: "lies too far from today" });
    if (doc.idempotency_key != null) {
      const identity = JSON.stringify([doc.event, doc.idempotency_key]);
      if (seen.has(identity)) continue;
      seen.add(identity);
    }
    events.push({ index, event: doc.event, atUs: atUs ?? 0, amount: decimal(doc.amount ?? 1), properties: doc.properties ?? {} });
  }
  return events.sort((a, b) => a.atUs - b.atUs || a.index - b.index);
}

/** What the prices of one meter bill, by price key: one entry a line. */
export function consumptionsOf(
  meter: Meter,
  prices: readonly Price[],
  events: readonly QuoteEvent[],
  service: Period,
  faults: Fault[],
): Map<string, Consumption[]> {
  const readings = events
    .filter((event) => event.event === meter.event)
    .map((event) => readingOf(meter, event, faults))
    .filter((reading) => reading !== null);
  const takers = takersOf(prices, readings);
  return new Map(
    prices.map((price) => {
      const taken = filterKey(price.filters);
      const mine = readings.filter((_, index) => takers[index] === taken);
      return [price.key, linesOf(meter, price, mine, service)];
    }),
  );
}

// Of prices with different filters the most specific one takes an event, alone; prices with the same filters all bill it.
function takersOf(prices: readonly Price[], readings: readonly Reading[]): (string | null)[] {
  const candidates = [...new Map(prices.map((price) => [filterKey(price.filters), price])).values()];
  return readings.map(({ properties }) => {
    const taker = mostSpecific(candidates, properties);
    return taker ? filterKey(taker.filters) : null;
  });
}

function filterKey(filters: Filters | undefined): string {
  const entries = Object.entries(filters ?? {}).map(([name, values]) => [name, [...values].sort()] as const);
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function linesOf(meter: Meter, price: Price, readings: readonly Reading[], service: Period): Consumption[] {
  const window = { startUs: service.start * 1_000, endUs: service.end * 1_000 };
  const carries = meter.recurring && carriesOver(meter.aggregation);
  const counted = readings.filter(({ atUs }) => atUs < window.endUs && (carries || atUs >= window.startUs));
  const names = price.groupBy ?? [];
  if (names.length === 0) return [consumption(meter, counted, window, null, {})];
  const groups = Map.groupBy(counted, ({ properties }) => groupKey(groupOf(names, properties)));
  const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([key, list]) => consumption(meter, list, window, key, groupOf(names, list[0]?.properties ?? {})));
}

function consumption(
  meter: Meter,
  readings: readonly Reading[],
  window: Span,
  key: string | null,
  group: Consumption["group"],
): Consumption {
  const carried = readings.filter(({ atUs }) => atUs < window.startUs);
  const inside = readings.slice(carried.length);
  return {
    quantity: roundQuantity(aggregate(meter.aggregation, readings, { window, recurring: meter.recurring }), meter.rounding),
    events: inside.map(({ value }) => value ?? ONE),
    eventCount: inside.length,
    groupKey: key,
    group,
    steps: () => stepsOf(meter, carried, inside, window),
  };
}

/** As `aggregate`, with the value after each event. What is held from before is due as the period begins. */
function stepsOf(meter: Meter, carried: readonly Reading[], inside: readonly Reading[], window: Span): Step[] {
  const byTime = meter.aggregation === "weighted_sum";
  const held = byTime ? carried.reduce((sum, { value }) => sum.plus(value ?? ZERO), ZERO) : ZERO;
  let state = (byTime ? [] : carried).reduce<AggregateState>(addEvent, emptyState(meter.aggregation));
  const now = (): Decimal => roundQuantity(stateValue(state, { ...window, carried: held }), meter.rounding);
  const steps: Step[] = carried.length === 0 ? [] : [{ atUs: window.startUs, quantity: now(), value: now() }];
  for (const reading of inside) {
    state = addEvent(state, reading);
    steps.push({ atUs: reading.atUs, quantity: now(), value: reading.value ?? ONE });
  }
  return steps;
}

/** Null where the meter's filters pass the event by, or it lacks what the meter needs: the fault is reported. */
function readingOf(meter: Meter, event: QuoteEvent, faults: Fault[]): Reading | null {
  const { properties, atUs, index } = event;
  const read = readEvent(meter, event.amount.toFixed(), properties, (path, message) => {
    faults.push({ path: `events[${index}].${path}`, message });
  });
  if (!read) return null;
  return {
    atUs,
    seq: index,
    value: read.value === null ? null : decimal(read.value),
    text: meter.property === null ? null : propertyText(properties, meter.property),
    operation: properties.operation_type === "remove" ? "remove" : "add",
    properties,
  };
}
