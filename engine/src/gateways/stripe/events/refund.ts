/** Refunds: what became of money that was to be given back, whoever asked for it. */
import type { StripeReader } from "../event-reader.ts";
import { objectOf } from "../payload.ts";
import { refundFact } from "../refund-fact.ts";

export const refund: StripeReader = {
  types: ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"],
  read: (payload) => refundFact(objectOf(payload, "refund")),
};
