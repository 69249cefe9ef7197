/** A customer was made: the answer to the call that made it may have been lost. */
import type { StripeReader } from "../event-reader.ts";
import { ours, textIn } from "../objects.ts";
import { objectOf } from "../payload.ts";

export const customerCreated: StripeReader = {
  types: ["customer.created"],
  read(payload) {
    const customer = objectOf(payload, "customer");
    const id = ours(customer, "customer");
    return id === null ? "The customer was not made here." : { kind: "customer", reference: textIn(customer, "id"), change: { made: id } };
  },
};
