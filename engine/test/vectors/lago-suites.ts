/** The suites of Lago's pricing and aggregation kinds. */
import { expect } from "vitest";
import { trueUp } from "../../src/billing/catalog/commitment.ts";
import { eventFee, NO_ADVANCE } from "../../src/billing/catalog/in-advance.ts";
import { parsePrice } from "../../src/billing/catalog/price.ts";
import { type Rated, rate } from "../../src/billing/catalog/rate.ts";
import { amount, roundMinor, scale, toDecimal } from "../../src/billing/money/amount.ts";
import { type Decimal, decimal, ZERO } from "../../src/billing/money/decimal.ts";
import { type AggregateEvent, addEvent, aggregate, emptyState, stateValue, valueAtEnd } from "../../src/billing/usage/aggregate.ts";
import { mostSpecific, type Properties } from "../../src/billing/usage/filter.ts";
import { type QuantityRounding, roundQuantity } from "../../src/billing/usage/rounding.ts";
import { type Case, expectAmount, expectDecimal, type Fields, priceOf } from "./case.ts";
import { type LagoProperties, lagoPrice, quantityOf } from "./lago-price.ts";

const SECOND_US = 1_000_000;
const total = (values: readonly Decimal[]): Decimal => values.reduce((sum, value) => sum.plus(value), ZERO);

function expectCharge(rated: Rated, { input, expected }: Case): void {
  if (expected.amount !== undefined) expectAmount(rated.amount, expected.amount);
  if (expected.amount_cents !== undefined) expect(roundMinor(rated.amount)).toBe(BigInt(expected.amount_cents));
  // Tax is the invoice's; of the case we check that nothing but the rate stands between the two.
  if (expected.total_amount_cents !== undefined) {
    const taxed = scale(amount(roundMinor(rated.amount)), decimal("100").plus(decimal(input.tax_rate)), "100");
    expect(roundMinor(taxed)).toBe(BigInt(expected.total_amount_cents));
  }
  expect(Object.keys(expected).some((key) => ["amount", "amount_cents"].includes(key))).toBe(true);
}

function charge(model: string): (vector: Case) => void {
  return (vector) => {
    const { input } = vector;
    const exponent = input.currency_exponent ?? 0;
    const price = priceOf(lagoPrice(model, (input.properties ?? input) as LagoProperties, exponent));
    const full = input.full_units == null ? {} : { fullQuantity: quantityOf(model, input.full_units, exponent) };
    expectCharge(rate(price, { quantity: quantityOf(model, input.units, exponent), ...full }), vector);
  };
}

function percentageCharge(vector: Case): void {
  const { input } = vector;
  const exponent = input.currency_exponent ?? 0;
  const price = priceOf(lagoPrice("percentage", input.properties, exponent));
  const sums = (input.running_total as string[]).map((sum) => quantityOf("percentage", sum, exponent));
  const events = sums.map((sum, index) => sum.minus(sums[index - 1] ?? ZERO));
  expectCharge(rate(price, { quantity: quantityOf("percentage", input.units, exponent), events, eventCount: input.events_count }), vector);
}

function percentageOfEvents(vector: Case): void {
  const { input } = vector;
  const exponent = input.currency_exponent ?? 0;
  const price = priceOf(lagoPrice("percentage", input.properties, exponent));
  const events = (input.events as string[]).map((value) => quantityOf("percentage", value, exponent));
  expectCharge(rate(price, { quantity: total(events), events }), vector);
}

function percentageSequence({ input, expected }: Case): void {
  const exponent = input.currency_exponent ?? 0;
  const price = priceOf(lagoPrice("percentage", input.properties, exponent));
  const events = (input.events as string[]).map((value) => quantityOf("percentage", value, exponent));
  const steps = events.map((_, index) => events.slice(0, index + 1));
  const amounts = steps.map((step) => Number(roundMinor(rate(price, { quantity: total(step), events: step }).amount)));
  expect(amounts).toEqual(expected.cumulative_amount_cents);
}

function payInAdvance({ input, expected }: Case): void {
  const exponent = input.currency_exponent ?? 2;
  const model = input.charge_model as string;
  const price = priceOf({ ...lagoPrice(model, input.properties ?? {}, exponent), timing: "in_advance" });
  let state = emptyState(input.aggregation);
  let soFar = NO_ADVANCE;
  const fees = (input.events as Fields[]).map((event, index) => {
    const raw = model === "dynamic" ? decimal(event.precise_total_amount_cents) : quantityOf(model, event.value ?? "1", exponent);
    state = addEvent(state, { atUs: index, seq: index, value: raw, text: event.id ?? null, operation: event.operation_type ?? "add" });
    const { fee, next } = eventFee(price, soFar, stateValue(state), raw);
    soFar = next;
    return Number(fee);
  });
  expect(fees).toEqual(expected.fee_amount_cents_per_event);
}

function chargeTrueUp({ input, expected }: Case): void {
  const used = decimal(
    [input.used ?? input.used_cents ?? 0].flat().reduce((sum: Decimal, part: string | number) => sum.plus(decimal(part)), ZERO),
  );
  const share = input.period_days == null ? undefined : { num: BigInt(input.active_days), den: BigInt(input.period_days) };
  const missing = scale(trueUp(BigInt(input.min_amount_cents), amount(used), share), decimal(input.pricing_unit_conversion_rate ?? 1));
  if (expected.precise_5 !== undefined) expectDecimal(toDecimal(missing, 5), expected.precise_5);
  const cents = expected.true_up_cents ?? expected.true_up ?? expected.amount_cents;
  expect(roundMinor(missing)).toBe(BigInt(cents));
}

function commitment({ input, expected }: Case): void {
  const share = { num: BigInt(input.active_days), den: BigInt(input.period_days) };
  const missing = trueUp(BigInt(input.commitment_amount_cents), amount(BigInt(input.fees_total_cents)), share);
  expect(roundMinor(missing)).toBe(BigInt(expected.true_up_cents));
}

const WINDOW = { startUs: 1_000, endUs: 2_000 };
const NUMBER = /^-?\d+(\.\d+)?$/;

function lagoEvents({ input }: Case): AggregateEvent[] {
  const event = (raw: string | Fields, index: number, atUs: number): AggregateEvent => {
    const fields: Fields = typeof raw === "object" ? raw : { value: raw };
    const value = NUMBER.test(String(fields.value)) ? decimal(fields.value) : null;
    return { atUs, seq: index, value, text: fields.id ?? null, operation: fields.operation_type ?? "add" };
  };
  const inside = input.events_in_period ?? input.events_in_period_ordered_by_timestamp ?? input.events ?? [];
  return [
    ...(input.events_before_period ?? []).map((raw: Fields, index: number) => event(raw, index, index)),
    ...inside.map((raw: Fields, index: number) => event(raw, index, WINDOW.startUs + index)),
  ];
}

function aggregation(vector: Case): void {
  const name = vector.kind.slice("aggregation.".length) as Parameters<typeof aggregate>[0];
  const value = aggregate(name, lagoEvents(vector), { window: WINDOW, recurring: vector.input.recurring === true });
  // Lago floors a negative latest while metering; here the value stays visible and pricing floors it.
  const billed = name === "latest" ? rate(UNIT_PRICE, { quantity: value }).billable : value;
  expectDecimal(billed, vector.expected.units);
}

const UNIT_PRICE = parsePrice({ key: "one", type: "usage", meter: "units", unit_amount: "100" });

function rounding({ input, expected }: Case): void {
  const mode = input.rounding_function as QuantityRounding["mode"] | null;
  expectDecimal(roundQuantity(decimal(input.units), mode && { mode, precision: input.rounding_precision ?? 0 }), expected.units);
}

function weightedSum({ input, expected }: Case): void {
  const at = (text: string): number => (Date.parse(text) / 1000) * SECOND_US;
  const window = { startUs: at(input.period_start), endUs: at(input.period_end_exclusive), carried: decimal(input.initial_value ?? "0") };
  const events: AggregateEvent[] = (input.events as Fields[]).map((event, seq) => ({
    atUs: at(event.timestamp),
    seq,
    value: decimal(event.value),
    text: null,
  }));
  const value = roundQuantity(aggregate("weighted_sum", events, { window }), { mode: "round", precision: input.round_half_up_digits ?? 5 });
  expectDecimal(value, expected.units_rounded ?? expected.units);
  if (expected.carried_value_end_of_period !== undefined) {
    expectDecimal(valueAtEnd(events.reduce(addEvent, emptyState("weighted_sum")), window.carried), expected.carried_value_end_of_period);
  }
  if (expected.amount_cents_at_unit_price_1 !== undefined) {
    expect(roundMinor(rate(UNIT_PRICE, { quantity: value }).amount)).toBe(BigInt(expected.amount_cents_at_unit_price_1));
  }
}

function filterMatching({ input, expected }: Case): void {
  const all = input.metric_filter_values as Record<string, string[]>;
  const candidates = (input.charge_filters as { name: string; values: Record<string, string[]> }[]).map(({ name, values }) => ({
    name,
    filters: Object.fromEntries(
      Object.entries(values).map(([key, some]) => [key, some.includes("__ALL_FILTER_VALUES__") ? all[key]! : some]),
    ),
  }));
  expect(mostSpecific(candidates, input.event_properties as Properties)?.name ?? null).toBe(expected.matched);
}

/** By kind what checks a case of it. */
export const LAGO_SUITES: Record<string, (vector: Case) => void> = {
  "charge.standard": charge("standard"),
  "charge.graduated": charge("graduated"),
  "charge.package": charge("package"),
  "charge.volume": charge("volume"),
  "charge.graduated_percentage": charge("graduated_percentage"),
  "charge.percentage": percentageCharge,
  "charge.percentage_min_max": percentageOfEvents,
  "charge.percentage_sequence": percentageSequence,
  "charge.pay_in_advance": payInAdvance,
  "charge.true_up": chargeTrueUp,
  "aggregation.rounding": rounding,
  "aggregation.weighted_sum": weightedSum,
  "aggregation.sum": aggregation,
  "aggregation.max": aggregation,
  "aggregation.latest": aggregation,
  "aggregation.unique_count": aggregation,
  "aggregation.count": aggregation,
  "filter.matching": filterMatching,
  "commitment.minimum": commitment,
};
