/** What the schemas of coupons and tax rates cannot say. */
import type { Fault } from "../../errors.ts";
import { decimal, ZERO } from "../money/decimal.ts";
import type { CouponDocument } from "./coupon-schema.ts";
import type { TaxRateDocument } from "./tax-rate-schema.ts";

export function checkCoupon(doc: CouponDocument, plans: ReadonlyMap<string, unknown>, path: string): Fault[] {
  const faults: Fault[] = [];
  const report = (field: string, message: string) => void faults.push({ path: `${path}.${field}`, message });
  if ((doc.percent_off == null) === (doc.amount_off == null)) report("percent_off", "a coupon has either percent_off or amount_off");
  const worth = doc.percent_off ?? doc.amount_off;
  if (worth != null && !decimal(worth).gt(ZERO)) report(doc.percent_off == null ? "amount_off" : "percent_off", "must be above zero");
  if (doc.amount_off != null && doc.currency == null) report("currency", "is required: amount_off is money");
  if (doc.amount_off == null && doc.currency != null) report("currency", "is for amount_off; a percentage has none");
  if ((doc.duration === "periods") !== (doc.periods != null)) report("periods", "is required with duration periods, and only then");
  for (const [index, key] of (doc.plans ?? []).entries()) {
    if (!plans.has(key)) report(`plans[${index}]`, `names no plan of the catalog: ${key}`);
  }
  return faults;
}

/** Of VAT and GST one rate holds in one place; sales taxes of a country, a state and a city add up. */
export function checkTaxRates(docs: readonly TaxRateDocument[]): Fault[] {
  const taken = new Map<string, string>();
  return docs.flatMap((doc, index) => {
    if (doc.kind === "sales") return [];
    const place = `${doc.kind} ${doc.country} ${doc.region?.trim().toLowerCase() ?? ""}`;
    const other = taken.get(place);
    taken.set(place, doc.key);
    return other === undefined
      ? []
      : [{ path: `tax_rates[${index}]`, message: `${other} is the ${doc.kind} rate of the same place already` }];
  });
}
