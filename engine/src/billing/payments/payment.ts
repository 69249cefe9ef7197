/** What a payment attempt is, and the only moves between its states. */
export type PaymentStatus = "requested" | "succeeded" | "failed" | "requires_action" | "pending" | "unknown";

const MOVES: Readonly<Record<PaymentStatus, readonly PaymentStatus[]>> = {
  requested: ["succeeded", "failed", "requires_action", "pending", "unknown"],
  unknown: ["succeeded", "failed", "requires_action", "pending"],
  pending: ["succeeded", "failed"],
  requires_action: ["succeeded", "failed", "pending"],
  succeeded: [],
  failed: [],
};

/**
 * Whether an outcome moves the attempt on. A repeated or older outcome does not, and is no error. `onOrder`: what was paid on a
 * gateway's page may have been called failed before the bank confirmed it; the money is there all the same.
 */
export function advances(from: PaymentStatus, to: PaymentStatus, onOrder = false): boolean {
  return MOVES[from].includes(to) || (onOrder && from === "failed" && to === "succeeded");
}
