/** Refunds: what became of money that was to be given back. */
import { amountIn, ours, refundOutcome } from "../objects.ts";
import { type Interpret, objectOf } from "./payload.ts";

const told: Interpret = (payload) => {
  const refund = objectOf(payload, "refund");
  return { kind: "refund", refundId: ours(refund, "refund"), ...amountIn(refund), outcome: refundOutcome(refund) };
};

export const refundEvents = {
  "refund.created": told,
  "refund.updated": told,
  "refund.failed": told,
  "charge.refund.updated": told,
} satisfies Record<string, Interpret>;
