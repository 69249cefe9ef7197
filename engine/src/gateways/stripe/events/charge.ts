/** Charges that brought money: the try of a payment intent that succeeded. Of one that failed its intent says what became. */
import type { StripeReader } from "../event-reader.ts";
import { amountIn, idIn, ours } from "../objects.ts";
import { objectOf } from "../payload.ts";

export const charge: StripeReader = {
  types: ["charge.succeeded", "charge.captured"],
  read(payload) {
    const object = objectOf(payload, "charge");
    const reference = idIn(object, "payment_intent");
    const checkoutId = ours(object, "checkout");
    if (checkoutId !== null) return { kind: "checkout", checkoutId };
    const paymentId = ours(object, "payment");
    if (paymentId === null || reference === null) return "The payment was not asked for here.";
    if (object.captured !== true) return "Nothing was captured yet.";
    // Of the older versions of the API, which had no amount_captured, all was.
    const amount = amountIn(object, typeof object.amount_captured === "number" ? "amount_captured" : "amount");
    return { kind: "charge", paymentId, outcome: { status: "succeeded", reference, ...amount } };
  },
};
