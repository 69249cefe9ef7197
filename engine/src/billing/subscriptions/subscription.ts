/** What a subscription is, and the only moves between its states (domain §5). */
import { Refusal } from "../../errors.ts";

export type SubscriptionStatus = "incomplete" | "trialing" | "active" | "past_due" | "paused" | "canceled" | "expired";

const MOVES: Readonly<Record<SubscriptionStatus, readonly SubscriptionStatus[]>> = {
  incomplete: ["trialing", "active", "expired"],
  trialing: ["active", "past_due", "paused", "canceled", "expired"],
  active: ["past_due", "paused", "canceled", "expired"],
  past_due: ["active", "paused", "canceled", "expired"],
  paused: ["active", "canceled", "expired"],
  canceled: [],
  expired: [],
};

/** Throws `invalid_state`, naming the state, where the move is none of the table. */
export function assertMove(from: SubscriptionStatus, to: SubscriptionStatus): void {
  if (!MOVES[from].includes(to)) {
    throw new Refusal("invalid_state", `The subscription is ${from}, so it cannot become ${to}.`, { extra: { state: from } });
  }
}

/** The refusal of a step that is no move between states: `what` completes "The subscription is active, …". */
export function wrongState(status: SubscriptionStatus, what: string): Refusal {
  return new Refusal("invalid_state", `The subscription is ${status}${what}`, { extra: { state: status } });
}

export function isLive(status: SubscriptionStatus): boolean {
  return status !== "canceled" && status !== "expired";
}
