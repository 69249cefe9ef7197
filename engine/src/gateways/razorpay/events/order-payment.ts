/** What all events of a payment say: which order it is of, and what became of it. Pure. */
import type { Fact } from "../../../webhooks/inbound/adapter.ts";
import { objectIn, optionalText, paymentOutcome } from "../entities.ts";

/** The entity of this name in an event: `payload.payment.entity`. */
export function entityOf(event: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> {
  const payload = objectIn(event.payload, "payload");
  return objectIn(objectIn(payload[name], `payload.${name}`).entity, `payload.${name}.entity`);
}

export function orderPayment(event: Readonly<Record<string, unknown>>): Fact | string {
  const payment = entityOf(event, "payment");
  const orderReference = optionalText(payment, "order_id");
  if (orderReference === null) return "The payment is of no order.";
  return { kind: "order_payment", orderReference, outcome: paymentOutcome(payment) };
}
