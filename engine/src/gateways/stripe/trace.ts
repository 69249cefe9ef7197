/** What a payment intent is of ours, by what was written into it when it was made. */
import type { PaymentGateway } from "../../billing/payments/gateway.ts";
import { type StripeClient, StripeRefusal } from "./client.ts";
import { idIn, intentOutcome, ours } from "./objects.ts";
import { record } from "./record.ts";

export function stripeTrace(client: StripeClient): Required<Pick<PaymentGateway, "trace">> {
  return {
    async trace(reference) {
      try {
        const found = await client.call("payment_intents.retrieve", "payment_intent", (stripe) =>
          stripe.paymentIntents.retrieve(reference),
        );
        const intent = record(found);
        return {
          checkoutId: ours(intent, "checkout"),
          paymentId: ours(intent, "payment"),
          orderReference: null,
          customer: idIn(intent, "customer"),
          outcome: intentOutcome(intent),
        };
      } catch (error) {
        if (error instanceof StripeRefusal && error.status === 404) return null;
        throw error;
      }
    },
  };
}
