/** Aggregations: figures of Lago's published tests, and the law that any partition of the events gives the same value. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AGGREGATIONS, type Aggregation } from "../catalog/meter.ts";
import { decimal } from "../money/decimal.ts";
import { type AggregateEvent, type AggregateState, addEvent, aggregate, emptyState, merge, stateValue, valueAtEnd } from "./aggregate.ts";

const moved = (...values: (string | null)[]): AggregateEvent[] =>
  values.map((value, seq) => ({ atUs: 100 + seq, seq, value: value === null ? null : decimal(value), text: null }));
const held = (...operations: string[]): AggregateEvent[] =>
  operations.map((text, seq) => ({
    atUs: 100 + seq,
    seq,
    value: null,
    text: text.slice(1),
    operation: text.startsWith("-") ? "remove" : "add",
  }));
const at = (atUs: number, seq: number | string, value: string): AggregateEvent => ({ atUs, seq, value: decimal(value), text: value });

describe("values, in whatever order the events come", () => {
  test.each<[Aggregation, AggregateEvent[], string]>([
    ["count", moved("3", null, "0"), "3"],
    ["sum", moved("12", "12", "12", "12"), "48"],
    ["sum", moved("0.1", "0.2"), "0.3"],
    ["sum", moved(), "0"],
    ["max", moved("3", "9", "0", "7", "12"), "12"],
    ["max", moved("14.2"), "14.2"],
    ["max", moved("-3", "-9"), "-3"],
    ["min", moved("3", "-9", null), "-9"],
    ["min", moved(), "0"],
    ["avg", moved("1", "1", "0"), "0.666666666667"],
    ["avg", moved(null), "0"],
    ["latest", moved("3", "14.2", null), "14.2"],
    ["latest", moved("3", "-2"), "-2"],
    ["latest", [at(5, 1, "1"), at(5, "10", "10"), at(5, "9", "9"), at(4, 11, "4")], "10"],
    ["latest", [at(5, "evt_01b", "2"), at(5, "evt_01a", "1")], "2"],
    ["unique_count", held("+a", "+b", "+a"), "2"],
    ["unique_count", held("+a", "-a", "-a", "+b", "-c"), "1"],
    ["unique_count", held("-a", "+a"), "1"],
    ["unique_count", moved("1"), "0"],
  ])("%s %#", (aggregation, events, value) => {
    expect(aggregate(aggregation, events).toFixed()).toBe(value);
    expect(aggregate(aggregation, events.toReversed()).toFixed()).toBe(value);
  });
});

describe("periods are half-open, and recurring carries over", () => {
  const window = { startUs: 100, endUs: 200 };
  const events = [at(99, 1, "5"), at(100, 2, "7"), at(199, 3, "1"), at(200, 4, "3")];
  test.each<[Aggregation, boolean, string]>([
    ["sum", false, "8"],
    ["sum", true, "13"],
    ["unique_count", false, "2"],
    ["unique_count", true, "3"],
    ["weighted_sum", false, "7.01"],
    ["weighted_sum", true, "12.01"],
    ["max", true, "7"],
    ["count", true, "2"],
  ])("%s, recurring %s: %s", (aggregation, recurring, value) => {
    expect(aggregate(aggregation, events, { window, recurring }).toFixed()).toBe(value);
  });
});

describe("weighted_sum", () => {
  const august = { startUs: 0, endUs: 31 * 86_400_000_000 };
  test.each<[string, AggregateEvent[], string, string]>([
    ["nothing", [], "0", "0"],
    ["3 and 3 at the start", [at(0, 1, "3"), at(0, 2, "3")], "0", "6"],
    ["3 after an hour", [at(3_600_000_000, 1, "3")], "0", "2.995967741935"],
    ["carried in, taken out half way", [at(15.5 * 86_400_000_000, 1, "-10")], "10", "5"],
  ])("%s", (_, events, carried, value) => {
    expect(aggregate("weighted_sum", events, { window: { ...august, carried: decimal(carried) } }).toFixed()).toBe(value);
  });

  test("hands the value in force to the next period, and needs a window", () => {
    const state = [at(1, 1, "3"), at(2, 2, "-1")].reduce<AggregateState>(addEvent, emptyState("weighted_sum"));
    expect(valueAtEnd(state, decimal("4")).toFixed()).toBe("6");
    expect(() => stateValue(state)).toThrow(TypeError);
  });
});

const EVENT = fc.record({
  atUs: fc.integer({ min: 100, max: 120 }),
  tenths: fc.integer({ min: -1_000, max: 1_000 }),
  text: fc.constantFrom("a", "b", "c", "d"),
  operation: fc.constantFrom("add" as const, "remove" as const),
  bucket: fc.integer({ min: 0, max: 4 }),
  order: fc.integer(),
});

test.each(AGGREGATIONS)("law: %s of all events is the merge of any partition, in any order", (aggregation) => {
  const window = { startUs: 100, endUs: 130, carried: decimal("2.5") };
  fc.assert(
    fc.property(fc.array(EVENT, { maxLength: 30 }), (drawn) => {
      const events = drawn.map((event, seq) => ({ ...event, seq, value: decimal(event.tenths).times(decimal("0.1")) }));
      const whole = stateValue(events.reduce<AggregateState>(addEvent, emptyState(aggregation)), window);
      const buckets = new Map<number, AggregateState>();
      for (const event of events.toSorted((a, b) => a.order - b.order)) {
        buckets.set(event.bucket, addEvent(buckets.get(event.bucket) ?? emptyState(aggregation), event));
      }
      const merged = [...buckets.values()].reduce(merge, emptyState(aggregation));
      expect(stateValue(merged, window).toFixed()).toBe(whole.toFixed());
    }),
  );
});

test("merging changes neither side, and refuses another aggregation", () => {
  const [a, b] = [held("+a"), held("+b")].map((events) => events.reduce<AggregateState>(addEvent, emptyState("unique_count")));
  expect(stateValue(merge(a!, b!)).toFixed()).toBe("2");
  expect(stateValue(a!).toFixed()).toBe("1");
  expect(() => merge(a!, emptyState("sum"))).toThrow(TypeError);
});
