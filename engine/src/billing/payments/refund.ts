/** What a refund is, and the only moves between its states. */
export type RefundStatus = "requested" | "pending" | "unknown" | "succeeded" | "failed";

const MOVES: Readonly<Record<RefundStatus, readonly RefundStatus[]>> = {
  requested: ["pending", "unknown", "succeeded", "failed"],
  unknown: ["pending", "succeeded", "failed"],
  pending: ["succeeded", "failed"],
  // A bank may send money back that it was given: it is not with the payer then, whatever was said before.
  succeeded: ["failed"],
  failed: [],
};

/** Whether an outcome moves the refund on. A repeated or older outcome does not, and is no error. */
export function refundAdvances(from: RefundStatus, to: RefundStatus): boolean {
  return MOVES[from].includes(to);
}
