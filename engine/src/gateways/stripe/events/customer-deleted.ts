/** A customer was deleted in Stripe's dashboard. */
import type { StripeReader } from "../event-reader.ts";
import { textIn } from "../objects.ts";
import { objectOf } from "../payload.ts";

export const customerDeleted: StripeReader = {
  types: ["customer.deleted"],
  read: (payload) => ({ kind: "customer", reference: textIn(objectOf(payload, "customer"), "id"), change: "deleted" }),
};
