/** The events of a quote, metered by the same pure code as stored usage: what is read of them, and what each price bills. */
import type { Fault } from "../../errors.ts";
import type { Meter } from "../catalog/meter.ts";
import type { Price } from "../catalog/price.ts";
import { type Decimal, decimal, ONE, parseDecimal, QUANTITY_SCALE } from "../money/decimal.ts";
import { type Instant, parseMicros } from "../time/instant.ts";
import type { Period } from "../time/period.ts";
import { type AggregateEvent, aggregate, carriesOver } from "../usage/aggregate.ts";
import { type Filters, matches, mostSpecific, type Properties, propertyText } from "../usage/filter.ts";
import { groupKey, groupOf } from "../usage/group.ts";
import { roundQuantity } from "../usage/rounding.ts";
import type { Consumption } from "./quote-consumption.ts";
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
    .filter((event) => event.event === meter.event && matches(meter.filters, event.properties))
    .map((event) => readingOf(meter, event, faults));
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
  if (!price.groupBy) return [consumption(meter, counted, window, null, {})];
  const groups = Map.groupBy(counted, ({ properties }) => groupKey(groupOf(price.groupBy ?? [], properties)));
  return [...groups].map(([key, list]) => consumption(meter, list, window, key, groupOf(price.groupBy ?? [], list[0]?.properties ?? {})));
}

function consumption(
  meter: Meter,
  readings: readonly Reading[],
  window: { startUs: number; endUs: number },
  key: string | null,
  group: Consumption["group"],
): Consumption {
  const measure = (list: readonly Reading[]): Decimal =>
    roundQuantity(aggregate(meter.aggregation, list, { window, recurring: meter.recurring }), meter.rounding);
  const carried = readings.filter(({ atUs }) => atUs < window.startUs);
  const inside = readings.slice(carried.length);
  return {
    quantity: measure(readings),
    events: inside.map(({ value }) => value ?? ONE),
    eventCount: inside.length,
    groupKey: key,
    group,
    steps: () => [
      // What is held from before is due as the period begins.
      ...(carried.length === 0 ? [] : [{ atUs: window.startUs, quantity: measure(carried), value: measure(carried) }]),
      ...inside.map(({ atUs, value }, index) => ({
        atUs,
        quantity: measure(readings.slice(0, carried.length + index + 1)),
        value: value ?? ONE,
      })),
    ],
  };
}

function readingOf(meter: Meter, event: QuoteEvent, faults: Fault[]): Reading {
  const { properties, atUs } = event;
  const reading = { atUs, seq: event.index, properties, value: null, text: null };
  const at = (name: string): string => `events[${event.index}].properties.${name}`;
  switch (meter.aggregation) {
    case "count":
      return reading;
    case "unique_count": {
      const name = meter.property ?? "";
      const text = propertyText(properties, name);
      if (text === null) faults.push({ path: at(name), message: `is required: the meter ${meter.key} counts its values` });
      const operation = properties.operation_type ?? "add";
      if (operation === "add" || operation === "remove") return { ...reading, text, operation };
      faults.push({ path: at("operation_type"), message: "must be one of: add, remove" });
      return reading;
    }
    default: {
      if (meter.property === null) return { ...reading, value: event.amount };
      const given = Object.hasOwn(properties, meter.property) ? properties[meter.property] : undefined;
      const value = parseDecimal(given);
      const message =
        given == null
          ? `is required: the meter ${meter.key} reads it`
          : value === null
            ? `must be a number: the meter ${meter.key} reads it`
            : value.eq(value.round(QUANTITY_SCALE, 0))
              ? null
              : `has more than ${QUANTITY_SCALE} decimal places`;
      if (message !== null) faults.push({ path: at(meter.property), message });
      return { ...reading, value };
    }
  }
}
