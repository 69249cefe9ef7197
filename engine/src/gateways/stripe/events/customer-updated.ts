/** A customer changed, in Stripe's portal: what is kept here is which method they chose. Names and addresses are this engine's to tell. */
import type { StripeReader } from "../event-reader.ts";
import { expandedIn, textIn } from "../objects.ts";
import { before, objectOf } from "../payload.ts";

export const customerUpdated: StripeReader = {
  types: ["customer.updated"],
  read(payload) {
    const customer = objectOf(payload, "customer");
    const settings = expandedIn(before(payload), "invoice_settings");
    if (settings === null) return "Nothing changed that is kept here.";
    // That one without a default gets its first is this engine's doing, and no choice of theirs.
    if (settings.default_payment_method == null) return "The first default is not a choice.";
    return { kind: "customer", reference: textIn(customer, "id"), change: "default" };
  },
};
