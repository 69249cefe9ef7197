/** Checkout pages: that something came of one. What, is asked of Stripe, so that the return page and this say the same. */
import type { StripeReader } from "../event-reader.ts";
import { idIn, optionalText, ours } from "../objects.ts";
import { objectOf } from "../payload.ts";
import { report } from "../reports.ts";

export const checkoutSession: StripeReader = {
  types: [
    "checkout.session.completed",
    "checkout.session.expired",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
  ],
  read(payload) {
    const session = objectOf(payload, "checkout.session");
    // What began on it is read whole, and that takes the page in.
    const subscription = session.mode === "subscription" ? idIn(session, "subscription") : null;
    if (subscription !== null) return report({ subscription });
    const checkoutId = ours(session, "checkout") ?? optionalText(session, "client_reference_id");
    return checkoutId === null ? "The checkout was not opened here." : { kind: "checkout", checkoutId };
  },
};
