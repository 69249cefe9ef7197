/** What a refund says, wherever it stands. Pure. */
import type { Fact } from "../../webhooks/inbound/adapter.ts";
import { amountIn, idIn, type Json, ours, refundOutcome } from "./objects.ts";

/** `charge`: that of the refund, where it is told with it. */
export function refundFact(refund: Json, charge: Json | null = null): Fact {
  const of = {
    payment: idIn(refund, "payment_intent") ?? (charge && idIn(charge, "payment_intent")),
    charge: idIn(refund, "charge") ?? (charge && idIn(charge, "id")),
    invoice: charge && idIn(charge, "invoice"),
    customer: charge && idIn(charge, "customer"),
  };
  return { kind: "refund", refundId: ours(refund, "refund"), of, ...amountIn(refund), outcome: refundOutcome(refund) };
}
