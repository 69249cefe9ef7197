/** Disputes: the payer's bank takes a payment back, or means to. */
import type { DisputeStatus } from "../../../billing/payments/dispute.ts";
import type { StripeReader } from "../event-reader.ts";
import { amountIn, idIn, MalformedObject, optionalText, textIn } from "../objects.ts";
import { objectOf } from "../payload.ts";

const STATES: Readonly<Record<string, DisputeStatus>> = {
  warning_needs_response: "warning",
  warning_under_review: "warning",
  // An inquiry that came to nothing, or that Stripe settled before it became a dispute.
  warning_closed: "won",
  prevented: "won",
  needs_response: "needs_response",
  under_review: "under_review",
  // Given back in answer to it: the refund says so itself, and nothing more is taken.
  charge_refunded: "won",
  won: "won",
  lost: "lost",
};

export const dispute: StripeReader = {
  types: [
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
  ],
  read(payload) {
    const object = objectOf(payload, "dispute");
    const status = STATES[textIn(object, "status")];
    if (!status) throw new MalformedObject(`dispute.status is ${String(object.status)}`);
    const of = { payment: idIn(object, "payment_intent"), charge: idIn(object, "charge") };
    const report = { reference: textIn(object, "id"), status, reason: optionalText(object, "reason"), ...amountIn(object) };
    return { kind: "dispute", of, report };
  },
};
