/** What a payment is of ours: by the order that it was paid on. */
import type { PaymentGateway } from "../../billing/payments/gateway.ts";
import { type RazorpayClient, RazorpayRefusal } from "./client.ts";
import { optionalText, paymentOutcome } from "./entities.ts";

export function razorpayTrace(client: RazorpayClient): Required<Pick<PaymentGateway, "trace">> {
  return {
    async trace(reference) {
      try {
        const payment = await client.request("GET", `/payments/${encodeURIComponent(reference)}`);
        const orderReference = optionalText(payment, "order_id");
        return { checkoutId: null, paymentId: null, orderReference, customer: null, outcome: paymentOutcome(payment) };
      } catch (error) {
        if (error instanceof RazorpayRefusal) return null;
        throw error;
      }
    },
  };
}
