/** Checkout pages: that something came of one. What, is asked of Stripe, so that the return page and this say the same. */
import { idIn, optionalText, ours } from "../objects.ts";
import { type Interpret, objectOf } from "./payload.ts";

const told: Interpret = (payload) => {
  const session = objectOf(payload, "checkout.session");
  // What began on it is read whole, and that takes the page in.
  const subscription = session.mode === "subscription" ? idIn(session, "subscription") : null;
  if (subscription !== null) return { kind: "report", report: { subscription, invoice: null } };
  const checkoutId = ours(session, "checkout") ?? optionalText(session, "client_reference_id");
  return checkoutId === null ? "The checkout was not opened here." : { kind: "checkout", checkoutId };
};

export const checkoutSessionEvents = {
  "checkout.session.completed": told,
  "checkout.session.expired": told,
  "checkout.session.async_payment_succeeded": told,
  "checkout.session.async_payment_failed": told,
} satisfies Record<string, Interpret>;
