/** Gives a tenant, or one subscription of it, a coupon as it stands now. */
import type { Tx } from "../../commit.ts";
import { invalidField, Refusal } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { couponTerms } from "../catalog/coupon.ts";
import { type DiscountRow, findDiscount, insertDiscount } from "./discount-store.ts";

export interface NewDiscount {
  tenantId: string;
  subscriptionId: string | null;
  coupon: string;
}

export async function addDiscount(tx: Tx, input: NewDiscount): Promise<DiscountRow> {
  const { coupons } = await tx.ctx.catalog.current({ fresh: true });
  const coupon = coupons.get(input.coupon);
  if (!coupon || coupon.archived || !coupon.active) throw invalidField("coupon", "names no coupon that can be used");
  const id = newId("discount");
  const added = await insertDiscount(tx, {
    id,
    tenant_id: input.tenantId,
    subscription_id: input.subscriptionId,
    coupon_key: coupon.key,
    terms: couponTerms(coupon),
  });
  if (!added) throw new Refusal("conflict", `The coupon ${coupon.key} is given already; end that discount first.`);
  return (await findDiscount(tx, id, input.tenantId))!;
}
