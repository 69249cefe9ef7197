/** Orders at Razorpay: made, found again by receipt, and what was paid on them. */

import type { OrderGateway } from "../../billing/payments/gateway.ts";
import { wordsOf } from "../../errors.ts";
import { type Json, type RazorpayClient, RazorpayRefusal, RazorpaySilence } from "./client.ts";
import { amountIn, itemsIn, optionalText, paymentOutcome, textIn } from "./entities.ts";

/** Banks may confirm for five days; what is authorized by then is captured without anybody asking. */
const CAPTURE_MINUTES = 7_200;

export function razorpayOrders(client: RazorpayClient, publicKey: string): OrderGateway {
  return {
    publicKey,

    async create({ receipt, amountMinor, currency, notes }) {
      try {
        const order = await client.request("POST", "/orders", {
          body: {
            amount: Number(amountMinor),
            currency: currency.toUpperCase(),
            receipt,
            notes,
            payment: {
              capture: "automatic",
              capture_options: { automatic_expiry_period: CAPTURE_MINUTES, manual_expiry_period: CAPTURE_MINUTES, refund_speed: "normal" },
            },
          },
        });
        if (!isOver(order, amountMinor, currency)) throw new RazorpaySilence("Razorpay made an order over something else.");
        return { status: "open", reference: textIn(order, "id") };
      } catch (error) {
        if (error instanceof RazorpayRefusal) return { status: "failed", code: error.code, reason: error.message };
        return { status: "unknown", reason: wordsOf(error) };
      }
    },

    async find({ receipt, amountMinor, currency }) {
      const found = await client.request("GET", `/orders?receipt=${encodeURIComponent(receipt)}&count=100`);
      const ours = itemsIn(found).filter((order) => optionalText(order, "receipt") === receipt && isOver(order, amountMinor, currency));
      // The oldest, should there ever be two: it is the one that may have been shown to somebody.
      const first = ours.at(-1);
      return first ? { reference: textIn(first, "id") } : null;
    },

    async receiptOf(reference) {
      try {
        return optionalText(await client.request("GET", `/orders/${encodeURIComponent(reference)}`), "receipt");
      } catch (error) {
        if (error instanceof RazorpayRefusal) return null;
        throw error;
      }
    },

    async payments(reference) {
      const found = await client.request("GET", `/orders/${encodeURIComponent(reference)}/payments`);
      return itemsIn(found).map(paymentOutcome);
    },
  };
}

function isOver(order: Json, amountMinor: bigint, currency: string): boolean {
  const found = amountIn(order);
  return found.amountMinor === amountMinor && found.currency === currency;
}
