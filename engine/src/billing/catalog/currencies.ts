/** A plan in its other currencies: each price keeps its shape and says its amounts anew. */
import { parseDecimal, ZERO } from "../money/decimal.ts";
import type { PlanDocument } from "./document.ts";
import type { PriceDocument, TierDocument } from "./price.ts";

type CurrencyPrices = NonNullable<NonNullable<NonNullable<PlanDocument["currencies"]>[string]>["prices"]>;
export type CurrencyPrice = CurrencyPrices[string];

export const MONEY_FIELDS = [
  "amount",
  "unit_amount",
  "tiers",
  "fixed_amount",
  "min_amount",
  "max_amount",
  "minimum_amount",
  "maximum_amount",
] as const;
export type MoneyField = (typeof MONEY_FIELDS)[number];

/** The price with the amounts of another currency. A bare number is the amount, or the unit amount. */
export function withAmounts(price: PriceDocument, amounts: CurrencyPrice | undefined): PriceDocument {
  if (amounts === undefined) return price;
  if (typeof amounts === "object") {
    const given = MONEY_FIELDS.filter((field) => amounts[field] != null).map((field) => [field, amounts[field]]);
    return { ...price, ...Object.fromEntries(given) };
  }
  return price.type === "flat" || price.model === "flat" ? { ...price, amount: amounts } : { ...price, unit_amount: amounts };
}

/** The fields of a price that hold money other than nothing: another currency has to say each of them. */
export function moneyIn(price: PriceDocument): MoneyField[] {
  return MONEY_FIELDS.filter((field) => (field === "tiers" ? (price.tiers ?? []).some(holdsMoney) : isMoney(price[field])));
}

function holdsMoney(tier: TierDocument): boolean {
  return isMoney(tier.unit_amount) || isMoney(tier.flat_amount);
}

function isMoney(value: unknown): boolean {
  const number = parseDecimal(value);
  return number !== null && !number.eq(ZERO);
}
