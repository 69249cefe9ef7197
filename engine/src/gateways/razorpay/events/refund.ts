/** Refunds, whoever asked for them. The receipt is our id of one that was asked for here. */
import { isId } from "../../../ids.ts";
import type { EventReader } from "../../../webhooks/inbound/adapter.ts";
import { amountIn, optionalText, refundOutcome } from "../entities.ts";
import { entityOf } from "../payload.ts";

export const refund: EventReader = {
  types: ["refund.created", "refund.processed", "refund.failed", "refund.speed_changed"],
  read(event) {
    const entity = entityOf(event, "refund");
    const outcome = refundOutcome(entity);
    const receipt = optionalText(entity, "receipt");
    const refundId = receipt !== null && isId("refund", receipt) ? receipt : null;
    return { kind: "refund", refundId, of: { payment: optionalText(entity, "payment_id") }, ...amountIn(entity), outcome };
  },
};
