/** What a payer's bank does to a charge: Stripe tells of it by events alone. */
import type { Json, State } from "../resource.ts";

type Dispute = Json & { id: string };

/** Stripe takes the money as it opens one, but for an inquiry. */
export function openDispute(stripe: State, charge: Json, status = "needs_response", amount = charge.amount): Dispute {
  charge.disputed = true;
  const dispute = stripe.put<Dispute>({
    id: stripe.id("dp"),
    object: "dispute",
    amount,
    charge: charge.id,
    created: stripe.now,
    currency: charge.currency,
    livemode: false,
    metadata: {},
    payment_intent: charge.payment_intent,
    reason: "fraudulent",
    status,
  });
  stripe.emit("charge.dispute.created", dispute);
  if (!status.startsWith("warning")) stripe.emit("charge.dispute.funds_withdrawn", dispute);
  return dispute;
}

export function moveDispute(stripe: State, dispute: Dispute, status: string): void {
  dispute.status = status;
  const closed = status === "won" || status === "lost" || status === "warning_closed";
  stripe.emit(closed ? "charge.dispute.closed" : "charge.dispute.updated", dispute);
  if (status === "won") stripe.emit("charge.dispute.funds_reinstated", dispute);
}
