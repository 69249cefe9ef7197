/** A price that Stripe lists, with its product and its tiers expanded, as an offer. Pure. */
import type { OfferedPrice, OfferedProduct, OfferedTier } from "../../billing/catalog/offer.ts";
import { unitFromStripe } from "../../gateways/stripe/amount.ts";
import { inner, itemsIn, type Json, MalformedObject, optionalDigits, optionalText, optionalWhole, text } from "./fields.ts";

/** What was listed, and is kept. */
export interface Listed {
  products: Record<string, OfferedProduct>;
  prices: OfferedPrice[];
}

/** null: it is not sold any more, or not as a subscription. Throws `MalformedObject`, naming what is missing. */
export function readOffer(price: Json): { product: OfferedProduct; price: OfferedPrice } | null {
  const product = inner(price, "product");
  const recurring = inner(price, "recurring");
  if (price.active !== true || !product || product.active !== true || !recurring) return null;
  const currency = text(price, "currency");
  const amountOf = (object: Json, field: string) => {
    const digits = optionalDigits(object, `${field}_decimal`) ?? optionalDigits(object, field);
    return digits === null ? null : unitFromStripe(digits, currency);
  };
  const tiers = itemsIn(price.tiers).map((tier): OfferedTier => {
    const upTo = optionalWhole(tier, "up_to");
    return {
      up_to: upTo === null ? null : Number(upTo),
      unit_amount: amountOf(tier, "unit_amount"),
      flat_amount: amountOf(tier, "flat_amount"),
    };
  });
  const packages = inner(price, "transform_quantity");
  const reference = text(product, "id");
  return {
    product: { reference, name: optionalText(product, "name"), description: optionalText(product, "description") },
    price: {
      reference: text(price, "id"),
      product: reference,
      nickname: optionalText(price, "nickname"),
      currency,
      unit_amount: amountOf(price, "unit_amount"),
      package_size: packages ? Number(optionalWhole(packages, "divide_by") ?? 1n) : null,
      tiers_mode: tiers.length === 0 ? null : price.tiers_mode === "volume" ? "volume" : "graduated",
      tiers: tiers.length === 0 ? null : tiers,
      usage_type: recurring.usage_type === "metered" ? "metered" : "licensed",
      interval: intervalIn(recurring),
      interval_count: Number(optionalWhole(recurring, "interval_count") ?? 1n),
    },
  };
}

function intervalIn(recurring: Json): OfferedPrice["interval"] {
  const unit = recurring.interval;
  if (unit === "day" || unit === "week" || unit === "month" || unit === "year") return unit;
  throw new MalformedObject("price.recurring.interval is none");
}
