/** Disputes: the payer's bank takes a payment back, or means to. */
import type { DisputeStatus } from "../../../billing/payments/dispute.ts";
import type { EventReader } from "../../../webhooks/inbound/adapter.ts";
import { amountIn, MalformedEntity, optionalText, textIn } from "../entities.ts";
import { entityOf } from "../payload.ts";

/** Inquiries of the bank, in which no money moves. */
const INQUIRIES = ["retrieval", "fraud"];

export const dispute: EventReader = {
  types: [
    "payment.dispute.created",
    "payment.dispute.under_review",
    "payment.dispute.action_required",
    "payment.dispute.won",
    "payment.dispute.lost",
    "payment.dispute.closed",
  ],
  read(event) {
    const entity = entityOf(event, "dispute");
    const report = {
      reference: textIn(entity, "id"),
      status: statusOf(entity),
      reason: optionalText(entity, "reason_code"),
      ...amountIn(entity),
    };
    return { kind: "dispute", of: { payment: textIn(entity, "payment_id") }, report };
  },
};

function statusOf(entity: Readonly<Record<string, unknown>>): DisputeStatus {
  const inquiry = INQUIRIES.includes(String(entity.phase));
  switch (entity.status) {
    case "open":
    case "action_required":
      return inquiry ? "warning" : "needs_response";
    case "under_review":
      return inquiry ? "warning" : "under_review";
    case "won":
    case "lost":
      return entity.status;
    // It came to nothing, or was settled otherwise: lost is what was deducted.
    case "closed":
      return Number(entity.amount_deducted ?? 0) > 0 ? "lost" : "won";
    default:
      throw new MalformedEntity(`dispute.status is ${String(entity.status)}`);
  }
}
