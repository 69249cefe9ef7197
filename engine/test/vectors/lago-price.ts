/** Lago's charges as prices of this engine: field names and the major unit are mapped, no rule is applied here. */
import type { PriceDocument, TierDocument } from "../../src/billing/catalog/price.ts";
import { type Decimal, decimal } from "../../src/billing/money/decimal.ts";

type Text = string | number | null | undefined;

export interface LagoRange {
  from_value: string;
  to_value: string | null;
  per_unit_amount?: string;
  flat_amount?: string;
  rate?: string;
}

export interface LagoProperties {
  amount?: string;
  package_size?: number;
  free_units?: Text;
  rate?: string;
  fixed_amount?: Text;
  free_units_per_events?: number | null;
  free_units_per_total_aggregation?: Text;
  per_transaction_min_amount?: Text;
  per_transaction_max_amount?: Text;
  graduated_ranges?: LagoRange[];
  volume_ranges?: LagoRange[];
  graduated_percentage_ranges?: LagoRange[];
}

/** Lago writes amounts in the major unit; `exponent` digits make it the minor one, 0 leaves it as it is, for amounts compared exactly. */
export function inMinor(major: Text, exponent: number): string | undefined {
  return major == null
    ? undefined
    : decimal(major)
        .times(decimal(`1${"0".repeat(exponent)}`))
        .toFixed();
}

/** Whether the quantity of a charge is money, and so in the major unit too. */
export function countsMoney(model: string): boolean {
  return model === "percentage" || model === "graduated_percentage";
}

/** What a charge's units are here. */
export function quantityOf(model: string, units: Text, exponent: number): Decimal {
  return decimal(inMinor(units ?? "0", countsMoney(model) ? exponent : 0)!);
}

export function lagoPrice(model: string, properties: LagoProperties, exponent: number): PriceDocument {
  const money = (value: Text): string | undefined => inMinor(value, exponent);
  const base = { key: "charge", type: "usage", meter: "units" } as const;
  switch (model) {
    case "standard":
      return { ...base, model: "per_unit", unit_amount: money(properties.amount) };
    // Lago's dynamic charge sums amounts that come with the events: a unit is one minor unit.
    case "dynamic":
      return { ...base, model: "per_unit", unit_amount: "1" };
    case "package":
      return {
        ...base,
        model: "package",
        unit_amount: money(properties.amount),
        package_size: properties.package_size,
        included: properties.free_units,
      };
    case "graduated":
      return { ...base, model: "graduated", tiers: tiers(properties.graduated_ranges ?? [], 0, exponent) };
    case "volume":
      return { ...base, model: "volume", tiers: tiers(properties.volume_ranges ?? [], 0, exponent) };
    case "graduated_percentage":
      return { ...base, model: "graduated_percentage", tiers: tiers(properties.graduated_percentage_ranges ?? [], exponent, exponent) };
    case "percentage":
      return {
        ...base,
        model: "percentage",
        rate: properties.rate,
        fixed_amount: money(properties.fixed_amount),
        free_events: properties.free_units_per_events,
        included: money(properties.free_units_per_total_aggregation),
        min_amount: money(properties.per_transaction_min_amount),
        max_amount: money(properties.per_transaction_max_amount),
      };
    default:
      throw new Error(`no model here for Lago's ${model}`);
  }
}

// Ranges are read by to_value alone: "from 11 to 20" is (10, 20].
function tiers(ranges: LagoRange[], quantityExponent: number, exponent: number): TierDocument[] {
  return ranges.map((range) => ({
    up_to: inMinor(range.to_value, quantityExponent) ?? null,
    unit_amount: inMinor(range.per_unit_amount, exponent),
    flat_amount: inMinor(range.flat_amount, exponent),
    rate: range.rate,
  }));
}
