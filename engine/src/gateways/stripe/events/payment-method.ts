/** Payment methods: that one came, changed or went. How it is now is asked of Stripe, since this may be old news. */
import type { StripeReader } from "../event-reader.ts";
import { textIn } from "../objects.ts";
import { objectOf } from "../payload.ts";

export const paymentMethod: StripeReader = {
  types: ["payment_method.attached", "payment_method.updated", "payment_method.automatically_updated", "payment_method.detached"],
  read: (payload) => ({ kind: "method", reference: textIn(objectOf(payload, "payment_method"), "id") }),
};
