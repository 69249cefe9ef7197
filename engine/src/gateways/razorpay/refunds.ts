/** Refunds at Razorpay: by its idempotency header, and found again by the receipt, which is our id of the refund. */

import type { PaymentGateway } from "../../billing/payments/gateway.ts";
import { wordsOf } from "../../errors.ts";
import { type RazorpayClient, RazorpayRefusal } from "./client.ts";
import { itemsIn, optionalText, refundOutcome } from "./entities.ts";

export function razorpayRefunds(client: RazorpayClient): Pick<PaymentGateway, "refund" | "findRefund"> {
  return {
    async refund({ idempotencyKey, paymentReference, amountMinor }) {
      if (paymentReference === null)
        return { status: "failed", reference: null, code: "charge_not_found", reason: "The payment has no reference at Razorpay." };
      try {
        const refund = await client.request("POST", `/payments/${encodeURIComponent(paymentReference)}/refund`, {
          body: { amount: Number(amountMinor), speed: "normal", receipt: idempotencyKey, notes: { refund: idempotencyKey } },
          headers: { "X-Refund-Idempotency": idempotencyKey },
        });
        return refundOutcome(refund);
      } catch (error) {
        if (error instanceof RazorpayRefusal) return { status: "failed", reference: null, code: error.code, reason: error.message };
        return { status: "unknown", reason: wordsOf(error) };
      }
    },

    async findRefund(idempotencyKey, paymentReference, reference = null) {
      if (paymentReference === null) return null;
      const found = await client.request("GET", `/payments/${encodeURIComponent(paymentReference)}/refunds?count=100`);
      const ours = itemsIn(found).find((refund) => refund.id === reference || optionalText(refund, "receipt") === idempotencyKey);
      return ours ? refundOutcome(ours) : null;
    },
  };
}
