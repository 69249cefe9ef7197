/** Charges: the tries that a payment intent makes. That one succeeded is taken; all else its intent says better. */
import { isRecord } from "../../../http/json.ts";
import { amountIn, expandedIn, idIn, ours, refundOutcome } from "../objects.ts";
import { type Interpret, objectOf } from "./payload.ts";

const succeeded: Interpret = (payload) => {
  const charge = objectOf(payload, "charge");
  const reference = idIn(charge, "payment_intent");
  const checkoutId = ours(charge, "checkout");
  if (checkoutId !== null) return { kind: "checkout", checkoutId };
  const paymentId = ours(charge, "payment");
  if (paymentId === null || reference === null) return "The payment was not asked for here.";
  if (charge.captured !== true) return "Nothing was captured yet.";
  // Of the older versions of the API, which had no amount_captured, all was.
  const amount = amountIn(charge, typeof charge.amount_captured === "number" ? "amount_captured" : "amount");
  return { kind: "charge", paymentId, outcome: { status: "succeeded", reference, ...amount } };
};

const failed: Interpret = (payload) => {
  objectOf(payload, "charge");
  return "The payment intent of the charge says what became of it.";
};

/** Older versions of the API carry the refunds within, and send no event of their own for them. */
const refunded: Interpret = (payload) => {
  const charge = objectOf(payload, "charge");
  const list = expandedIn(charge, "refunds")?.data;
  const ofOurs = (Array.isArray(list) ? list.filter(isRecord) : []).find((refund) => ours(refund, "refund") !== null);
  if (!ofOurs) return "The refund itself is told of by events of its own.";
  return { kind: "refund", refundId: ours(ofOurs, "refund"), ...amountIn(ofOurs), outcome: refundOutcome(ofOurs) };
};

export const chargeEvents = {
  "charge.succeeded": succeeded,
  "charge.captured": succeeded,
  "charge.failed": failed,
  "charge.refunded": refunded,
} satisfies Record<string, Interpret>;
