/**
 * What was paid on an order: authorized (the payer has paid, and the money is not taken yet), captured, or failed (it can still be paid, and the
 * bank may yet confirm this very try). `order.paid` is the capture told once more.
 */
import type { EventReader } from "../../../webhooks/inbound/adapter.ts";
import { optionalText, paymentOutcome } from "../entities.ts";
import { entityOf } from "../payload.ts";

export const orderPayment: EventReader = {
  types: ["payment.authorized", "payment.captured", "payment.failed", "order.paid"],
  read(event) {
    const payment = entityOf(event, "payment");
    const orderReference = optionalText(payment, "order_id");
    if (orderReference === null) return "The payment is of no order.";
    return { kind: "order_payment", orderReference, outcome: paymentOutcome(payment) };
  },
};
