/** Checkout pages: that something came of one. What, is asked of Stripe, so that the return page and this say the same. */
import { optionalText, ours } from "../objects.ts";
import { type Interpret, objectOf } from "./payload.ts";

const told: Interpret = (payload) => {
  const session = objectOf(payload, "checkout.session");
  const checkoutId = ours(session, "checkout") ?? optionalText(session, "client_reference_id");
  return checkoutId === null ? "The checkout was not opened here." : { kind: "checkout", checkoutId };
};

export const checkoutSessionEvents = {
  "checkout.session.completed": told,
  "checkout.session.expired": told,
  "checkout.session.async_payment_succeeded": told,
  "checkout.session.async_payment_failed": told,
} satisfies Record<string, Interpret>;
