/** Refunds of payment intents. */
import { found, type Json, missing, type Route, refuse } from "../resource.ts";

export const refunds: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/refunds",
    act({ form }, stripe) {
      const intent = stripe.objects.get(String(form.payment_intent));
      if (intent?.object !== "payment_intent") return missing("payment_intent", String(form.payment_intent), "payment_intent");
      const charge = stripe.objects.get(String(intent.latest_charge));
      if (intent.status !== "succeeded" || !charge)
        return refuse(400, { message: "This PaymentIntent does not have a successful charge to refund." });
      const left = Number(charge.amount) - Number(charge.amount_refunded);
      const amount = form.amount === undefined ? left : Number(form.amount);
      if (left === 0)
        return refuse(400, { code: "charge_already_refunded", message: `Charge ${String(charge.id)} has already been refunded.` });
      if (amount > left)
        return refuse(400, {
          message: `Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`,
          param: "amount",
        });
      charge.amount_refunded = Number(charge.amount_refunded) + amount;
      charge.refunded = charge.amount_refunded === charge.amount;
      const refund = stripe.put<Json & { id: string }>({
        id: stripe.id("re"),
        object: "refund",
        amount,
        charge: charge.id,
        created: stripe.now,
        currency: charge.currency,
        metadata: form.metadata ?? {},
        payment_intent: intent.id,
        reason: form.reason ?? null,
        status: "succeeded",
      });
      stripe.emit("refund.created", refund);
      stripe.emit("charge.refunded", charge);
      return found(refund);
    },
  },
  {
    method: "GET",
    path: "/v1/refunds",
    act: (call, stripe) =>
      stripe.list(
        stripe
          .all("refund")
          .filter((refund) => call.form.payment_intent === undefined || refund.payment_intent === call.form.payment_intent),
        call,
        "/v1/refunds",
      ),
  },
  {
    method: "GET",
    path: "/v1/refunds/*",
    act: ({ ids: [id] }, stripe) =>
      stripe.objects.get(id!)?.object === "refund" ? found(stripe.objects.get(id!)!) : missing("refund", id!),
  },
];
