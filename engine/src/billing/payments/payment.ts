/** What a payment attempt is, and the only moves between its states. */
export type PaymentStatus = "requested" | "succeeded" | "failed" | "requires_action" | "pending" | "unknown";

const MOVES: Readonly<Record<PaymentStatus, readonly PaymentStatus[]>> = {
  requested: ["succeeded", "failed", "requires_action", "pending", "unknown"],
  unknown: ["succeeded", "failed", "requires_action", "pending"],
  pending: ["succeeded", "failed"],
  requires_action: ["succeeded", "failed", "pending"],
  succeeded: [],
  // What was called failed may have been paid after all: by the person, on the same attempt, or by a call that was late. It is there.
  failed: ["succeeded"],
};

/** Whether an outcome moves the attempt on. A repeated or older outcome does not, and is no error. */
export function advances(from: PaymentStatus, to: PaymentStatus): boolean {
  return MOVES[from].includes(to);
}
