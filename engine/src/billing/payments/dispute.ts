/** A payment that the payer's bank takes back, or means to: the states and the only moves between them. */
export const DISPUTE_STATES = ["warning", "needs_response", "under_review", "lost", "won"] as const;
export type DisputeStatus = (typeof DISPUTE_STATES)[number];

/**
 * Only ever further along `DISPUTE_STATES`, so that news in any order end the same. What was lost may be won after all, where the bank
 * takes it back; what is won stays so.
 */
export function disputeMoves(from: DisputeStatus, to: DisputeStatus): boolean {
  return DISPUTE_STATES.indexOf(to) > DISPUTE_STATES.indexOf(from);
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
