/** Payment intents: what became of a charge, or of what somebody pays on a page. */
import { intentOutcome, ours } from "../objects.ts";
import { type Interpret, objectOf } from "./payload.ts";

const told: Interpret = (payload) => {
  const intent = objectOf(payload, "payment_intent");
  const checkoutId = ours(intent, "checkout");
  // On a page somebody may try again: what came of it is asked of the page.
  if (checkoutId !== null) return { kind: "checkout", checkoutId };
  const paymentId = ours(intent, "payment");
  if (paymentId === null) return "The payment was not asked for here.";
  return { kind: "charge", paymentId, outcome: intentOutcome(intent) };
};

export const paymentIntentEvents = {
  "payment_intent.succeeded": told,
  "payment_intent.payment_failed": told,
  "payment_intent.processing": told,
  "payment_intent.requires_action": told,
  "payment_intent.canceled": told,
} satisfies Record<string, Interpret>;
