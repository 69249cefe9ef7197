/** Refunds at Stripe: by their key, and found again by our id of them. */
import type { PaymentGateway } from "../../billing/payments/gateway.ts";
import { AmountNotTaken, toRefund } from "./amount.ts";
import { type StripeClient, StripeRefusal, StripeSilence } from "./client.ts";
import { OURS, ours, refundOutcome } from "./objects.ts";
import { record } from "./record.ts";

export function stripeRefunds(client: StripeClient): Pick<PaymentGateway, "refund" | "findRefund"> {
  return {
    async refund({ idempotencyKey, paymentKey, paymentReference, amountMinor, currency }) {
      if (paymentReference === null)
        return { status: "failed", reference: null, code: "charge_not_found", reason: "Stripe never named this payment." };
      try {
        const refund = await client.call("refunds.create", "refund", (stripe) =>
          stripe.refunds.create(
            {
              payment_intent: paymentReference,
              amount: toRefund(amountMinor, currency),
              metadata: { [OURS.refund]: idempotencyKey, [OURS.payment]: paymentKey },
            },
            { idempotencyKey },
          ),
        );
        return refundOutcome(record(refund));
      } catch (error) {
        if (error instanceof StripeRefusal) return { status: "failed", reference: null, code: error.code, reason: error.message };
        if (error instanceof AmountNotTaken) return { status: "failed", reference: null, code: "amount_not_taken", reason: error.message };
        if (error instanceof StripeSilence) return { status: "unknown", reason: error.message };
        throw error;
      }
    },

    async findRefund(idempotencyKey, paymentReference, reference = null) {
      if (paymentReference === null) return null;
      // Of one payment there are few, and a list is true at once.
      const found = await client.call("refunds.list", "list", (stripe) =>
        stripe.refunds.list({ payment_intent: paymentReference, limit: 100 }),
      );
      const mine = found.data.find((refund) => refund.id === reference || ours(record(refund), "refund") === idempotencyKey);
      return mine ? refundOutcome(record(mine)) : null;
    },
  };
}
