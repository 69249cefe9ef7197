/** Payment intents: what became of a charge, or of what somebody pays on a page. */
import type { StripeReader } from "../event-reader.ts";
import { intentOutcome, ours } from "../objects.ts";
import { objectOf } from "../payload.ts";

export const paymentIntent: StripeReader = {
  types: [
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.canceled",
  ],
  read(payload) {
    const intent = objectOf(payload, "payment_intent");
    const checkoutId = ours(intent, "checkout");
    // On a page somebody may try again: what came of it is asked of the page.
    if (checkoutId !== null) return { kind: "checkout", checkoutId };
    const paymentId = ours(intent, "payment");
    return paymentId === null ? "The payment was not asked for here." : { kind: "charge", paymentId, outcome: intentOutcome(intent) };
  },
};
