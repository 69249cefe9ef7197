/** The catalog's own tax rates: which of them hold for a buyer, by country and region. Pure, and the tax engine where no other is set. */
import type { CatalogCache } from "../catalog/cache.ts";
import type { TaxRate } from "../catalog/tax-rate.ts";
import { decimal, quotient } from "../money/decimal.ts";
import { gstState, stateOfGstin } from "./gst-states.ts";
import type { Determination, RateEngine, Tax, TaxParty } from "./tax-engine.ts";

export interface SellerPlace {
  country: string | null;
  region: string | null;
  taxId: string | null;
}

export function ownTaxEngine(catalog: CatalogCache, seller: SellerPlace): RateEngine {
  return {
    kind: "rates",
    name: "own",
    determine: (buyers) =>
      catalog.current().then(({ taxRates }) => {
        const rates = [...taxRates.values()].filter((rate) => !rate.archived);
        return buyers.map((buyer) => determine(rates, seller, buyer));
      }),
  };
}

/** A buyer whose country is not known is supplied where the seller is. */
export function determine(rates: readonly TaxRate[], seller: SellerPlace, buyer: TaxParty): Determination {
  const known = buyer.country !== null;
  const country = buyer.country ?? seller.country;
  const region = known ? buyer.region : seller.region;
  const state = country === "IN" ? ((known ? stateOfGstin(buyer.taxId) : null) ?? gstState(region)) : null;
  const placeOfSupply = country === null ? null : [country, state ?? region?.trim()].filter(Boolean).join("-");
  const held = country === null ? [] : inForce(rates, country, region, state);
  if (held.length === 0) return { status: "none", taxes: [], placeOfSupply };
  if (buyer.exempt) return { status: "exempt", taxes: [], placeOfSupply };
  // Between businesses in two countries of VAT, the buyer owes it.
  const abroad = known && seller.country !== null && country !== seller.country;
  if (abroad && buyer.taxId !== null && held.some((rate) => rate.kind === "vat"))
    return { status: "reverse_charge", taxes: [], placeOfSupply };
  return { status: "taxed", taxes: held.flatMap((rate) => taxesOf(rate, seller, state)), placeOfSupply };
}

// Of VAT and of GST the most particular rate; sales taxes of the country and of the region add up.
function inForce(rates: readonly TaxRate[], country: string, region: string | null, state: string | null): TaxRate[] {
  const here = rates.filter((rate) => rate.country === country && (rate.region === null || sameRegion(rate.region, region, state)));
  return here.filter(
    (rate) => rate.kind === "sales" || rate.region !== null || !here.some((other) => other.kind === rate.kind && other.region !== null),
  );
}

function sameRegion(wanted: string, region: string | null, state: string | null): boolean {
  if (state !== null) return gstState(wanted) === state;
  return region !== null && wanted.trim().toLowerCase() === region.trim().toLowerCase();
}

// Within one state the Union and the state take half each; between states the Union takes all.
function taxesOf(rate: TaxRate, seller: SellerPlace, state: string | null): Tax[] {
  const tax = { key: rate.key, name: rate.name, kind: rate.kind, percent: rate.percent, inclusive: rate.inclusive };
  if (rate.kind !== "gst" || rate.country !== "IN") return [tax];
  const sellerState = seller.country === "IN" ? (stateOfGstin(seller.taxId) ?? gstState(seller.region)) : null;
  if (sellerState === null || state === null || sellerState !== state) return [{ ...tax, name: "IGST", kind: "igst" }];
  const half = quotient(rate.percent, decimal("2"), 6);
  return [
    { ...tax, name: "CGST", kind: "cgst", percent: half },
    { ...tax, name: "SGST", kind: "sgst", percent: half },
  ];
}
