/**
 * The suites of OpenMeter's pricing kinds, and where our rules differ: such a case stands in DIFFERS with the reason and
 * our number.
 */
import { expect } from "vitest";
import { convert, units } from "../../src/billing/catalog/convert.ts";
import type { Price, PriceDocument } from "../../src/billing/catalog/price.ts";
import { delta, type Rated, rate } from "../../src/billing/catalog/rate.ts";
import { tierIndex, tierSlices } from "../../src/billing/catalog/tiers.ts";
import { roundMinor } from "../../src/billing/money/amount.ts";
import { type Decimal, decimal, ZERO } from "../../src/billing/money/decimal.ts";
import { type Case, expectAmount, expectDecimal, priceOf } from "./case.ts";
import { inMinor } from "./lago-price.ts";
import { conversion, type OpenMeterOptions, type OpenMeterPrice, openMeterPrice, type UnitConfig } from "./openmeter-price.ts";

interface Difference {
  readonly name: string;
  readonly applies: (vector: Case) => boolean;
  /** Our total by quantity before and quantity; a case that is not listed fails until someone has looked at it. */
  readonly ours: Readonly<Record<string, number>>;
}

export const DIFFERS: readonly Difference[] = [
  {
    // 1,400 then 1,300 bytes are 2,700: 3 packs of 1,000 begun, of which 2 are billed. OpenMeter rounds the part by itself
    // and bills 4. Rating from zero is the rule that keeps split periods from costing more than whole ones (domain §3).
    name: "unit conversion rounds the period, not each part of it",
    applies: ({ kind, input }) => kind === "unit_config" && input.unitConfig?.rounding != null && input.quantityBefore > 0,
    ours: { "1400+1300": 10 },
  },
  {
    // OpenMeter never bills a volume price within a period. Here a part is rated like the whole: cases of
    // cumulative_rerating_delta, from the same engine, agree. Whether to bill early is the invoice's decision, not the rating's.
    name: "a volume price rates within a period too",
    applies: ({ kind, input }) => kind === "tiered_volume" && input.line === "mid",
    ours: { "0+10": 150 },
  },
];

/** The differences that a case has shown in this run. */
export const differing = new Set<string>();

function ours(vector: Case): number | undefined {
  const difference = DIFFERS.find((candidate) => candidate.applies(vector));
  if (!difference) return undefined;
  differing.add(difference.name);
  return difference.ours[`${vector.input.quantityBefore}+${vector.input.quantity}`];
}

interface LineInput extends OpenMeterOptions {
  price: OpenMeterPrice;
  line: "single" | "mid" | "last";
  quantity: number;
  quantityBefore: number;
  previouslyBilled?: number;
}

const KNOWN = new Set([
  ...["price", "line", "quantity", "quantityBefore", "previouslyBilled"],
  ...["currencyScale", "minimumAmount", "maximumAmount", "usageDiscount", "unitConfig"],
]);

/** A line of a split period: the period so far rated from zero, less what earlier lines billed. */
function lineOf(input: LineInput): { price: Price; minor: bigint; rated: Rated } {
  expect(Object.keys(input).filter((key) => !KNOWN.has(key))).toEqual([]);
  const price = priceOf(openMeterPrice(input.price, input));
  const before = decimal(input.quantityBefore ?? 0);
  const earlier = before.gt(ZERO) ? roundMinor(rate(price, { quantity: before, final: false }).amount) : 0n;
  const billed = input.previouslyBilled == null ? earlier : BigInt(inMinor(input.previouslyBilled, input.currencyScale ?? 0)!);
  const rated = rate(price, { quantity: before.plus(decimal(input.quantity)), final: input.line !== "mid" });
  return { price, minor: delta(rated, billed), rated };
}

function openMeterLine(vector: Case): void {
  const input = vector.input as LineInput;
  const { price, minor, rated } = lineOf(input);
  expect(minor).toBe(BigInt(inMinor(ours(vector) ?? vector.expected.total, input.currencyScale ?? 0)!));
  const lines = (vector.expected.lines ?? []) as { tier: number | null; kind: string; quantity: number }[];
  const usage = lines.filter((line) => line.kind === "usage" && line.tier !== null).map((line) => [line.tier, line.quantity]);
  if (price.model === "graduated" && vector.expected.lines) {
    const from = decimal(input.quantityBefore ?? 0);
    const slices = tierSlices(price, from, from.plus(decimal(input.quantity)));
    const priced = slices.filter((slice) => price.tiers![slice.index]!.unitAmount.gt(ZERO));
    expect(priced.map((slice) => [slice.index + 1, Number(slice.quantity.toFixed())])).toEqual(usage);
  }
  if (price.model === "volume" && usage.length > 0) {
    expect(rated.tiers.map((tier) => [tierIndex(price, rated.billable) + 1, Number(tier.quantity.toFixed())])).toEqual(usage);
  }
}

function usageDiscount(vector: Case): void {
  const { input, expected } = vector;
  if (expected.total !== undefined) {
    openMeterLine(vector);
    return;
  }
  const doc: PriceDocument = {
    key: "price",
    type: "usage",
    meter: "units",
    unit_amount: "1",
    included: input.usageDiscount ?? input.discount,
  };
  const price = priceOf({ ...doc, ...conversion(input.unitConfig) });
  const before = decimal(input.quantityBefore ?? 0);
  const billable = (quantity: Decimal): Decimal => rate(price, { quantity }).billable;
  expectDecimal(billable(before.plus(decimal(input.quantity))).minus(billable(before)), expected.quantity);
}

function graduatedRange({ input, expected }: Case): void {
  const price = priceOf(openMeterPrice(input.price as OpenMeterPrice, { currencyScale: 0 }));
  const slices = tierSlices(price, decimal(input.fromExclusive), decimal(input.toInclusive)).map(
    ({ index, quantity, atTierStart, amountBefore }) => ({
      tierIndex: index,
      quantity: Number(quantity.toFixed()),
      atTierStart,
      amountBefore: Number(amountBefore.toFixed()),
    }),
  );
  expect(slices).toEqual(expected.slices);
  expectAmount(rate(price, { quantity: decimal(input.toInclusive) }).amount, expected.totalAtTo);
}

function volumeIndex({ input, expected }: Case): void {
  const price = priceOf(openMeterPrice({ type: "volume", tiers: input.tiers }, {}));
  expect(tierIndex(price, decimal(input.quantity))).toBe(expected.tierIndex);
}

function unitConversion({ input, expected }: Case): void {
  const price = priceOf({ key: "price", type: "usage", meter: "units", unit_amount: "1", ...conversion(input as UnitConfig) });
  expectDecimal(units(price, convert(price, decimal(input.quantity))), expected.quantity);
}

function rerating({ input, expected }: Case): void {
  const price = priceOf(openMeterPrice(input.price as OpenMeterPrice, input as OpenMeterOptions));
  const steps = input.cumulativeQuantities as number[];
  let billed = 0n;
  const increments = steps.map((quantity, index) => {
    const more = delta(rate(price, { quantity: decimal(quantity), final: index === steps.length - 1 }), billed);
    billed += more;
    return more;
  });
  expect(increments).toEqual((expected.incrementalTotals as number[]).map((major) => BigInt(inMinor(major, input.currencyScale)!)));
}

/** By kind what checks a case of it. */
export const OPENMETER_SUITES: Record<string, (vector: Case) => void> = {
  tiered_graduated: openMeterLine,
  tiered_graduated_range: graduatedRange,
  tiered_volume: openMeterLine,
  tier_index_volume: volumeIndex,
  package: openMeterLine,
  unit: openMeterLine,
  unit_config: openMeterLine,
  unit_conversion: unitConversion,
  usage_discount: usageDiscount,
  cumulative_rerating_delta: rerating,
};
