/** By kind how a case becomes a body of `POST /v1/quote`, and what must come back. */
import { expect } from "vitest";
import type { PriceDocument } from "../../src/billing/catalog/price.ts";
import { type Decimal, decimal, ZERO } from "../../src/billing/money/decimal.ts";
import type { Case, Fields } from "./case.ts";
import { inMinor, type LagoProperties, lagoPrice, quantityOf } from "./lago-price.ts";
import { type OpenMeterOptions, type OpenMeterPrice, openMeterPrice } from "./openmeter-price.ts";
import { DIFFERS } from "./openmeter-suites.ts";

/** Asks for a quote and answers its body. */
export type Ask = (body: unknown) => Promise<Fields>;
type Suite = (ask: Ask, vector: Case) => Promise<void>;

const PERIOD = { start: "2024-03-01T00:00:00Z", end: "2024-04-01T00:00:00Z" };
const BEFORE = Date.parse("2024-02-20T00:00:00Z");
const INSIDE = Date.parse(PERIOD.start);
const METER = { key: "units", event: "use", property: "value" };
const SECOND = 1_000;

const text = (value: Decimal): string => value.toFixed();
const total = (values: readonly Decimal[]): Decimal => values.reduce((sum, value) => sum.plus(value), ZERO);
const at = (start: number, index: number): string => new Date(start + index * SECOND).toISOString();

/** One event a value, metered by a sum. */
function summed(values: readonly Decimal[]) {
  return {
    meters: [{ ...METER, aggregation: "sum" }],
    events: values.map((value, index) => ({ event: "use", at: at(INSIDE, index), properties: { value: text(value) } })),
  };
}

const quoteOf = (price: PriceDocument, usage: object) => ({ currency: "usd", prices: [price], period: PERIOD, ...usage });

function expectMoney(answer: Fields, expected: Fields): void {
  expect(answer.total).toBe(answer.lines.reduce((sum: number, line: Fields) => sum + line.amount, 0));
  if (expected.amount !== undefined) expect(text(decimal(answer.lines[0].explain.exact))).toBe(text(decimal(expected.amount)));
  if (expected.amount_cents !== undefined) expect(answer.total).toBe(expected.amount_cents);
}

/** What a quote cannot be asked, and why; the rating suite has these cases. */
export const INEXPRESSIBLE: readonly { why: string; applies: (vector: Case) => boolean }[] = [
  { why: "a quote has one quantity, not another one that picks the tier", applies: ({ input }) => input.full_units != null },
  { why: "a quote has one currency", applies: ({ input }) => input.pricing_unit_conversion_rate != null },
  { why: "a quote has no quantity before", applies: ({ kind, expected }) => kind === "usage_discount" && expected.total === undefined },
];

function charge(model: string): Suite {
  return async (ask, vector) => {
    const { input, expected } = vector;
    const exponent = input.currency_exponent ?? 0;
    const price = lagoPrice(model, (input.properties ?? input) as LagoProperties, exponent);
    const quantity = text(quantityOf(model, input.units, exponent));
    expectMoney(await ask(quoteOf(price, { quantities: { units: quantity } })), expected);
  };
}

/** The running totals stop when the free allowance is used up: the events after them share what is left. */
function eventsOf(sums: readonly Decimal[], units: Decimal, count: number): Decimal[] {
  const values = sums.map((sum, index) => sum.minus(sums[index - 1] ?? ZERO)).slice(0, count);
  if (values.length >= count) return values;
  const rest = Array.from({ length: count - values.length }, () => ZERO);
  rest[0] = units.minus(total(values));
  return [...values, ...rest];
}

const percentageCharge: Suite = async (ask, { input, expected }) => {
  const exponent = input.currency_exponent ?? 0;
  const scale = (value: string): Decimal => quantityOf("percentage", value, exponent);
  const values = eventsOf((input.running_total as string[]).map(scale), scale(input.units), input.events_count);
  expectMoney(await ask(quoteOf(lagoPrice("percentage", input.properties, exponent), summed(values))), expected);
};

const percentageOfEvents: Suite = async (ask, { input, expected }) => {
  const exponent = input.currency_exponent ?? 0;
  const values = (input.events as string[]).map((value) => quantityOf("percentage", value, exponent));
  const price = lagoPrice("percentage", input.properties, exponent);
  expectMoney(await ask(quoteOf(price, summed(values))), expected);
  // A list of numbers is the same without a meter.
  expectMoney(await ask(quoteOf(price, { quantities: { charge: values.map(text) } })), expected);
};

const percentageSequence: Suite = async (ask, { input, expected }) => {
  const exponent = input.currency_exponent ?? 0;
  const values = (input.events as string[]).map((value) => quantityOf("percentage", value, exponent));
  const price = lagoPrice("percentage", input.properties, exponent);
  for (const [index, amount] of expected.cumulative_amount_cents.entries()) {
    expect((await ask(quoteOf(price, summed(values.slice(0, index + 1))))).total).toBe(amount);
  }
};

const payInAdvance: Suite = async (ask, { input, expected }) => {
  const exponent = input.currency_exponent ?? 2;
  const model = input.charge_model as string;
  const price: PriceDocument = { ...lagoPrice(model, input.properties ?? {}, exponent), timing: "in_advance" };
  const events = (input.events as Fields[]).map((event, index) => {
    const value = model === "dynamic" ? event.precise_total_amount_cents : text(quantityOf(model, event.value ?? "1", exponent));
    const properties = { value: event.id ?? value, ...(event.operation_type ? { operation_type: event.operation_type } : {}) };
    return { event: "use", at: at(INSIDE, index), properties };
  });
  const counts = input.aggregation === "count";
  const meter = { key: "units", event: "use", aggregation: input.aggregation, ...(counts ? {} : { property: "value" }) };
  const answer = await ask(quoteOf(price, { events, meters: [meter] }));
  expect(answer.lines[0].explain.fees.map((fee: Fields) => fee.amount)).toEqual(expected.fee_amount_cents_per_event);
  expect(answer.total).toBe((expected.fee_amount_cents_per_event as number[]).reduce((sum, fee) => sum + fee, 0));
};

// A day of 2024 is as long as any other: the period has the case's days.
function days(input: Fields): Fields {
  const length = input.period_days ?? 30;
  const day = (count: number): string => new Date(INSIDE + count * 86_400 * SECOND).toISOString();
  return {
    period: { start: day(0), end: day(length) },
    service: { start: day(0), end: day(input.active_days ?? length) },
    proration_unit: "day",
  };
}

const chargeTrueUp: Suite = async (ask, { input, expected }) => {
  const used = [input.used ?? input.used_cents ?? 0].flat().map((part: string | number) => decimal(part));
  const price = { key: "one", type: "usage", meter: "units", unit_amount: "1", minimum_amount: input.min_amount_cents };
  const billed = await ask({ currency: "usd", prices: [price], quantities: { one: used.map(text) }, ...days(input) });
  const missing = expected.true_up_cents ?? expected.true_up ?? expected.amount_cents;
  if (missing > 0) expect(text(decimal(billed.lines[0].explain.exact).minus(total(used)).round(0))).toBe(String(missing));
  else expect(billed.lines[0].explain.bound).toBeUndefined();
};

const commitment: Suite = async (ask, { input, expected }) => {
  const fees = { key: "fees", type: "usage", meter: "cents", unit_amount: 1 };
  const body = { currency: "usd", prices: [fees], quantities: { fees: input.fees_total_cents }, ...days(input) };
  const answer = await ask({ ...body, minimum_commitment: input.commitment_amount_cents });
  expect(answer.total - input.fees_total_cents).toBe(expected.true_up_cents);
};

/** The value of the meter, as the quantity of the line. */
async function meterValue(ask: Ask, meter: object, events: readonly object[], period = PERIOD): Promise<{ value: string; total: number }> {
  const price = { key: "one", type: "usage", meter: "units", unit_amount: 100 };
  const { lines, total } = await ask({
    currency: "usd",
    prices: [price],
    meters: [{ key: "units", event: "use", ...meter }],
    events,
    period,
  });
  return { value: text(decimal(lines[0].quantity)), total };
}

const NUMBER = /^-?\d+(\.\d+)?$/;

const aggregation: Suite = async (ask, { kind, input, expected }) => {
  const name = kind.slice("aggregation.".length);
  const event = (raw: string | Fields, instant: string) => {
    const fields: Fields = typeof raw === "object" ? raw : { value: raw };
    const operation = fields.operation_type ? { operation_type: fields.operation_type } : {};
    return { event: "use", at: instant, properties: { value: fields.id ?? fields.value ?? "1", ...operation } };
  };
  // Lago skips what is no number; here it is refused, which the table tests show.
  const readable = (raw: string | Fields): boolean => name === "unique_count" || name === "count" || NUMBER.test(String(raw));
  const inside = input.events_in_period ?? input.events_in_period_ordered_by_timestamp ?? input.events ?? [];
  const events = [
    ...(input.events_before_period ?? []).filter(readable).map((raw: Fields, index: number) => event(raw, at(BEFORE, index))),
    ...inside.filter(readable).map((raw: Fields, index: number) => event(raw, at(INSIDE, index))),
  ];
  const property = name === "count" ? {} : { property: "value" };
  const recurring = input.recurring === undefined ? {} : { recurring: input.recurring };
  const answer = await meterValue(ask, { aggregation: name, ...property, ...recurring }, events);
  // Lago floors a negative latest while metering; here the value stays visible and pricing floors it.
  const billed = name === "latest" ? text(decimal(answer.total).div(decimal("100"))) : answer.value;
  expect(billed).toBe(text(decimal(expected.units)));
};

const rounding: Suite = async (ask, { input, expected }) => {
  const mode = input.rounding_function;
  const meter = { ...METER, aggregation: "sum", rounding: mode && { mode, precision: input.rounding_precision ?? 0 } };
  const { value } = await meterValue(ask, meter, [{ event: "use", at: at(INSIDE, 0), properties: { value: input.units } }]);
  expect(value).toBe(text(decimal(expected.units)));
};

const weightedSum: Suite = async (ask, { input, expected }) => {
  const period = { start: input.period_start, end: input.period_end_exclusive };
  const held = {
    event: "use",
    at: new Date(Date.parse(period.start) - SECOND).toISOString(),
    properties: { value: input.initial_value ?? "0" },
  };
  const added = (input.events as Fields[]).map((event) => ({ event: "use", at: event.timestamp, properties: { value: event.value } }));
  const meter = {
    ...METER,
    aggregation: "weighted_sum",
    recurring: true,
    rounding: { mode: "round", precision: input.round_half_up_digits ?? 5 },
  };
  const answer = await meterValue(ask, meter, [held, ...added], period);
  expect(answer.value).toBe(text(decimal(expected.units_rounded ?? expected.units)));
  if (expected.amount_cents_at_unit_price_1 !== undefined) expect(answer.total).toBe(expected.amount_cents_at_unit_price_1);
};

const filterMatching: Suite = async (ask, { input, expected }) => {
  const all = input.metric_filter_values as Record<string, string[]>;
  const named = (input.charge_filters as { name: string; values: Record<string, string[]> }[]).map(({ name, values }) => ({
    key: name,
    filters: Object.fromEntries(
      Object.entries(values).map(([key, some]) => [key, some.includes("__ALL_FILTER_VALUES__") ? all[key]! : some]),
    ),
  }));
  const prices = [...named, { key: "none" }].map((each) => ({ ...each, type: "usage", meter: "units", unit_amount: 1 }));
  const events = [{ event: "use", at: at(INSIDE, 0), properties: input.event_properties }];
  const answer = await ask({
    currency: "usd",
    prices,
    events,
    meters: [{ key: "units", event: "use", aggregation: "count" }],
    period: PERIOD,
  });
  const billed = answer.lines.filter((line: Fields) => line.amount > 0).map((line: Fields) => line.price);
  expect(billed).toEqual([expected.matched ?? "none"]);
};

interface LineInput extends OpenMeterOptions {
  price: OpenMeterPrice;
  line: "single" | "mid" | "last";
  quantity: number;
  quantityBefore: number;
  previouslyBilled?: number;
}

/** A line of a split period is what the period costs so far, less what it had cost. */
const openMeterLine: Suite = async (ask, vector) => {
  const input = vector.input as LineInput;
  const ours = DIFFERS.find(({ applies }) => applies(vector))?.ours[`${input.quantityBefore}+${input.quantity}`];
  const price = openMeterPrice(input.price, input);
  const minor = (major: number): number => Number(inMinor(major, input.currencyScale ?? 0));
  const before = decimal(input.quantityBefore ?? 0);
  // While a period runs there is no minimum yet.
  const soFar = { ...price, minimum_amount: null };
  const earlier = before.gt(ZERO) ? (await ask(quoteOf(soFar, { quantities: { units: text(before) } }))).total : 0;
  const billed = input.previouslyBilled == null ? earlier : minor(input.previouslyBilled);
  const now = text(before.plus(decimal(input.quantity)));
  const all = await ask(quoteOf(input.line === "mid" ? soFar : price, { quantities: { units: now } }));
  expect(all.total - billed).toBe(minor(ours ?? vector.expected.total));
};

const rerating: Suite = async (ask, { input, expected }) => {
  const price = openMeterPrice(input.price as OpenMeterPrice, input as OpenMeterOptions);
  const steps = input.cumulativeQuantities as number[];
  let billed = 0;
  const increments: number[] = [];
  for (const [index, quantity] of steps.entries()) {
    const current = index === steps.length - 1 ? price : { ...price, minimum_amount: null };
    const { total } = await ask(quoteOf(current, { quantities: { price: quantity } }));
    increments.push(total - billed);
    billed = total;
  }
  expect(increments).toEqual((expected.incrementalTotals as number[]).map((major) => Number(inMinor(major, input.currencyScale))));
};

const graduatedRange: Suite = async (ask, { input, expected }) => {
  const price = openMeterPrice(input.price as OpenMeterPrice, {});
  expect((await ask(quoteOf(price, { quantities: { units: input.toInclusive } }))).total).toBe(expected.totalAtTo);
};

const volumeIndex: Suite = async (ask, { input, expected }) => {
  const price = openMeterPrice({ type: "volume", tiers: input.tiers }, {});
  const { lines } = await ask(quoteOf(price, { quantities: { units: input.quantity } }));
  expect(lines[0].tiers.map((tier: Fields) => tier.up_to)).toEqual([input.tiers[expected.tierIndex].upTo]);
};

const unitConversion: Suite = async (ask, { input, expected }) => {
  const price = openMeterPrice({ type: "unit", unit: 1 }, { unitConfig: input as Fields & { op: string; factor: number } });
  const { lines } = await ask(quoteOf(price, { quantities: { units: input.quantity } }));
  expect(text(decimal(lines[0].explain.billable))).toBe(text(decimal(expected.quantity)));
};

/** By kind what checks a case of it. */
export const QUOTE_SUITES: Record<string, Suite> = {
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
  "commitment.minimum": commitment,
  "aggregation.rounding": rounding,
  "aggregation.weighted_sum": weightedSum,
  "aggregation.sum": aggregation,
  "aggregation.max": aggregation,
  "aggregation.latest": aggregation,
  "aggregation.unique_count": aggregation,
  "aggregation.count": aggregation,
  "filter.matching": filterMatching,
  tiered_graduated: openMeterLine,
  tiered_graduated_range: graduatedRange,
  tiered_volume: openMeterLine,
  tier_index_volume: volumeIndex,
  package: openMeterLine,
  unit: openMeterLine,
  unit_config: openMeterLine,
  unit_conversion: unitConversion,
  usage_discount: openMeterLine,
  cumulative_rerating_delta: rerating,
};
