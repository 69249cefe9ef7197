/** OpenMeter's prices as prices of this engine: field names and the major unit are mapped, no rule is applied here. */
import type { PriceDocument, UnitRounding } from "../../src/billing/catalog/price.ts";
import { inMinor } from "./lago-price.ts";

export interface OpenMeterPrice {
  type: string;
  tiers?: { upTo: number | null; flat?: number; unit?: number }[];
  size?: number;
  amount?: number;
  unit?: number;
  multiplier?: number;
}

export interface UnitConfig {
  op: string;
  factor: number;
  rounding?: string | null;
}

/** The options that a case sets beside the price. */
export interface OpenMeterOptions {
  currencyScale?: number;
  minimumAmount?: number | null;
  maximumAmount?: number | null;
  usageDiscount?: number | null;
  unitConfig?: UnitConfig | null;
}

const ROUNDINGS: Record<string, UnitRounding> = {
  ceiling: "up",
  ceil: "up",
  up: "up",
  floor: "down",
  down: "down",
  half_up: "half_up",
  round: "half_up",
};

export function conversion(config: UnitConfig | null | undefined): Pick<PriceDocument, "multiply" | "divide" | "round"> {
  if (!config) return {};
  if (config.op !== "divide" && config.op !== "multiply") throw new Error(`no conversion here for ${config.op}`);
  const rounding = config.rounding && config.rounding !== "none" ? ROUNDINGS[config.rounding] : null;
  if (rounding === undefined) throw new Error(`no rounding here for ${config.rounding}`);
  return { [config.op]: config.factor, round: rounding };
}

export function openMeterPrice(price: OpenMeterPrice, options: OpenMeterOptions): PriceDocument {
  const money = (major: number | null | undefined): string | undefined => inMinor(major, options.currencyScale ?? 0);
  return {
    key: "price",
    type: "usage",
    meter: "units",
    included: options.usageDiscount,
    minimum_amount: money(options.minimumAmount),
    maximum_amount: money(options.maximumAmount),
    ...conversion(options.unitConfig),
    ...model(price, money),
  };
}

function model(price: OpenMeterPrice, money: (major: number | null | undefined) => string | undefined): Partial<PriceDocument> {
  switch (price.type) {
    case "unit":
      return { model: "per_unit", unit_amount: money(price.unit) };
    // OpenMeter's dynamic price multiplies a metered cost.
    case "dynamic":
      return { model: "per_unit", unit_amount: money(price.multiplier) };
    case "package":
      return { model: "package", unit_amount: money(price.amount), package_size: price.size };
    case "graduated":
    case "volume":
      return {
        model: price.type,
        tiers: (price.tiers ?? []).map((tier) => ({ up_to: tier.upTo, unit_amount: money(tier.unit), flat_amount: money(tier.flat) })),
      };
    default:
      throw new Error(`no model here for OpenMeter's ${price.type}`);
  }
}
