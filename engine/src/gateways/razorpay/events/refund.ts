/** What all events of a refund say. Its receipt is our id of it, where it was asked for here. Pure. */
import { isId } from "../../../ids.ts";
import type { Fact } from "../../../webhooks/inbound/adapter.ts";
import { amountIn, optionalText, refundOutcome } from "../entities.ts";
import { entityOf } from "./order-payment.ts";

export function refundFact(event: Readonly<Record<string, unknown>>): Fact | string {
  const refund = entityOf(event, "refund");
  const outcome = refundOutcome(refund);
  const receipt = optionalText(refund, "receipt");
  if (outcome.status === "unknown") return "Nothing is known of the refund.";
  return { kind: "refund", refundId: receipt !== null && isId("refund", receipt) ? receipt : null, ...amountIn(refund), outcome };
}
