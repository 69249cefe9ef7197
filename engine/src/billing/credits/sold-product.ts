/** A credit product that a top-up may buy for a tenant. Pure. */
import { invalidField } from "../../errors.ts";
import type { CreditProduct } from "../catalog/credit-offer.ts";
import type { TenantRef } from "../tenants/cache.ts";

/** Throws a 422 that names `product`. */
export function productOnSale(
  products: ReadonlyMap<string, CreditProduct>,
  key: string,
  tenant: Pick<TenantRef, "currency">,
): CreditProduct {
  const product = products.get(key);
  if (!product || product.archived || !product.active) throw invalidField("product", "names no credit product on sale");
  if (tenant.currency !== null && product.currency !== tenant.currency)
    throw invalidField("product", `is sold in ${product.currency}, but the tenant pays in ${tenant.currency}`);
  return product;
}
