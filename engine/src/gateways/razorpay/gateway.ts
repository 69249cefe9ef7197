/**
 * Razorpay behind the port. A person pays on its page, by an order that was made for the invoice; without them it charges nothing. What
 * is sold by its own pages (checkouts) is not built.
 */
import type { PaymentGateway } from "../../billing/payments/gateway.ts";
import { type RazorpaySettings, razorpayClient } from "./client.ts";
import { razorpayOrders } from "./orders.ts";
import { razorpayRefunds } from "./refunds.ts";
import { razorpayTrace } from "./trace.ts";

export function razorpayGateway(settings: RazorpaySettings): PaymentGateway {
  const client = razorpayClient(settings);
  return {
    name: "razorpay",
    charge: async () => ({
      status: "failed",
      reference: null,
      code: "payer_needed",
      reason: "Razorpay charges nobody who is not there: make an order for the invoice, and let them pay it.",
    }),
    // What was never sent is not there.
    find: async () => null,
    ...razorpayRefunds(client),
    ...razorpayTrace(client),
    orders: razorpayOrders(client, settings.keyId),
  };
}
