/** What Stripe sells changed. What is sold here is declared in the catalog; what of it Stripe lists is read anew when it is asked for next. */
import type { StripeReader } from "../event-reader.ts";

export const offers: StripeReader = {
  types: [
    "price.created",
    "price.updated",
    "price.deleted",
    "product.created",
    "product.updated",
    "product.deleted",
    "plan.created",
    "plan.updated",
    "plan.deleted",
  ],
  read: () => ({ kind: "offers" }),
};
