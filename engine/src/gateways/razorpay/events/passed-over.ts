/** What is known and passed over, and why. */
import type { EventReader } from "../../../webhooks/inbound/adapter.ts";

const because = (why: string, types: readonly string[]): EventReader => ({ types, read: () => why });

export const passedOver: readonly EventReader[] = [
  because("It is about Razorpay's banks, and no payment.", [
    "payment.downtime.started",
    "payment.downtime.updated",
    "payment.downtime.resolved",
  ]),
  because("What Razorpay pays out is between it and its merchant.", ["settlement.processed"]),
  because("Invoices, links and subscriptions are made here, not at Razorpay.", [
    "invoice.paid",
    "invoice.partially_paid",
    "invoice.expired",
    "payment_link.paid",
    "payment_link.partially_paid",
    "payment_link.cancelled",
    "payment_link.expired",
    "subscription.authenticated",
    "subscription.activated",
    "subscription.charged",
    "subscription.pending",
    "subscription.halted",
    "subscription.paused",
    "subscription.resumed",
    "subscription.updated",
    "subscription.cancelled",
    "subscription.completed",
  ]),
];
