/** What a plan costs, in the currency of who looks: its prices with those of the currency put over them, and each as words. */
import { decimal, isSame, times } from "../../text/decimal.ts";
import { moneyText, unitPriceText } from "../../text/money.ts";
import { quantityText } from "../../text/quantity.ts";

type Amount = number | string;

export interface OfferedPrice {
  key: string;
  type: "flat" | "seat" | "usage";
  name?: string | null;
  model?: string | null;
  meter?: string | null;
  amount?: Amount | null;
  unit_amount?: Amount | null;
  included?: Amount | null;
  package_size?: Amount | null;
  rate?: Amount | null;
  fixed_amount?: Amount | null;
  tiers?: { up_to?: Amount | null; unit_amount?: Amount | null; flat_amount?: Amount | null; rate?: Amount | null }[] | null;
}

export interface Offered {
  key: string;
  name?: string | null;
  currency?: string | null;
  interval?: string | null;
  interval_count?: number | null;
  prices?: unknown;
  currencies?: unknown;
}

/** null: it is not sold in this currency. A plan without a price is for everybody. */
export function pricesIn(plan: Offered, currency: string): OfferedPrice[] | null {
  const prices = (plan.prices ?? []) as OfferedPrice[];
  if (prices.length === 0 || plan.currency === currency) return prices;
  const other = (plan.currencies as Record<string, { prices?: Record<string, unknown> }> | null)?.[currency];
  if (!other) return null;
  return prices.map((price) => {
    const own = other.prices?.[price.key];
    if (own === undefined || own === null) return price;
    if (typeof own === "object") return { ...price, ...(own as Partial<OfferedPrice>) };
    return price.type === "flat" ? { ...price, amount: own as Amount } : { ...price, unit_amount: own as Amount };
  });
}

/** What it costs before anything is used, without seats: the figure on the card. */
export function baseOf(prices: readonly OfferedPrice[]): bigint {
  return prices.reduce((sum, price) => (price.type === "flat" ? sum + BigInt(price.amount ?? 0) : sum), 0n);
}

export function hasSeats(prices: readonly OfferedPrice[]): boolean {
  return prices.some(({ type }) => type === "seat");
}

/** `a month`, `every 3 months`; nothing where there is no interval. */
export function intervalText({ interval, interval_count: count }: Offered): string {
  if (!interval) return "";
  return count !== null && count !== undefined && count > 1 ? `every ${count} ${interval}s` : `a ${interval}`;
}

/** One price that depends on how much: `$3.00 a million, down to $2.00`. */
export function rateText(price: OfferedPrice, currency: string): string {
  const one = price.type === "seat" ? "each" : null;
  if (price.tiers && price.tiers.length > 0) return tiersText(price, currency, one);
  if (price.model === "percentage") {
    const fee =
      price.fixed_amount && !isSame(decimal(price.fixed_amount), "0") ? ` + ${moneyText(price.fixed_amount, currency)} each time` : "";
    return `${price.rate} %${fee}`;
  }
  if (price.model === "package") return `${unitPriceText(price.unit_amount ?? 0, currency)} per ${quantityText(price.package_size ?? 1)}`;
  if (price.model === "flat") return moneyText(price.amount ?? price.unit_amount ?? 0, currency);
  const { text, of } = scaled(price.unit_amount ?? 0, currency);
  return `${text} ${one ?? of}${included(price)}`;
}

function included(price: OfferedPrice): string {
  return price.included && !isSame(decimal(price.included), "0") ? `, ${quantityText(price.included)} included` : "";
}

function tiersText(price: OfferedPrice, currency: string, one: string | null): string {
  const tiers = price.tiers ?? [];
  if (price.model === "graduated_percentage") return `${tiers[0]?.rate} % and on by steps`;
  const free = tiers[0] && isSame(decimal(tiers[0].unit_amount ?? 0), "0") && tiers.length > 1 ? tiers[0] : null;
  const priced = free ? tiers.slice(1) : tiers;
  const first = scaled(priced[0]?.unit_amount ?? 0, currency);
  const last = scaled(priced.at(-1)?.unit_amount ?? 0, currency);
  const start = free?.up_to ? `${quantityText(free.up_to)} free, then ` : "";
  const end = priced.length > 1 && last.text !== first.text && last.of === first.of ? `, down to ${last.text}` : "";
  return `${start}${first.text} ${one ?? first.of}${end}`;
}

/** Prices of a token are told of a million of them. */
function scaled(unit: Amount, currency: string): { text: string; of: string } {
  const exact = decimal(unit);
  const size = /^0\.00/.test(exact) ? "1000000" : /^0\.0*[1-9]/.test(exact) && exact.length > 4 ? "1000" : "1";
  const of = { "1000000": "a million", "1000": "a thousand", "1": "each" }[size] ?? "each";
  return { text: unitPriceText(times(exact, size), currency), of };
}
