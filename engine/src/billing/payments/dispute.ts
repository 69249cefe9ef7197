/** A payment that the payer's bank takes back, or means to: the states and the only moves between them. */
export const DISPUTE_STATES = ["warning", "needs_response", "under_review", "won", "lost"] as const;
export type DisputeStatus = (typeof DISPUTE_STATES)[number];

/** What is decided stays so; what is open may go either way, for its news come in any order. */
export function disputeMoves(from: DisputeStatus, to: DisputeStatus): boolean {
  return from !== to && from !== "won" && from !== "lost" && !(from === "under_review" && to === "needs_response");
}

export const isDecided = (status: DisputeStatus): boolean => status === "won" || status === "lost";

export interface DisputeReport {
  /** The gateway's name of the dispute. */
  reference: string;
  status: DisputeStatus;
  /** The gateway's own. */
  reason: string | null;
  amountMinor: bigint;
  currency: string;
}
