/** Disputes: the payer's bank takes a payment back, or means to. */
import type { DisputeStatus } from "../../../billing/payments/dispute.ts";
import { amountIn, idIn, MalformedObject, optionalText, textIn } from "../objects.ts";
import { type Interpret, objectOf } from "./payload.ts";

const STATES: Readonly<Record<string, DisputeStatus>> = {
  warning_needs_response: "warning",
  warning_under_review: "warning",
  // An inquiry that came to nothing, or that Stripe settled before it became a dispute.
  warning_closed: "won",
  prevented: "won",
  needs_response: "needs_response",
  under_review: "under_review",
  charge_refunded: "lost",
  won: "won",
  lost: "lost",
};

const told: Interpret = (payload) => {
  const dispute = objectOf(payload, "dispute");
  const paymentReference = idIn(dispute, "payment_intent");
  if (paymentReference === null) return "The disputed charge was made without a payment intent, so not by this engine.";
  const status = STATES[textIn(dispute, "status")];
  if (!status) throw new MalformedObject(`dispute.status is ${String(dispute.status)}`);
  const report = { reference: textIn(dispute, "id"), status, reason: optionalText(dispute, "reason"), ...amountIn(dispute) };
  return { kind: "dispute", paymentReference, report };
};

export const disputeEvents = {
  "charge.dispute.created": told,
  "charge.dispute.updated": told,
  "charge.dispute.closed": told,
  "charge.dispute.funds_withdrawn": told,
  "charge.dispute.funds_reinstated": told,
} satisfies Record<string, Interpret>;
