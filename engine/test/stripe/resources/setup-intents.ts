/** Setup intents: a card is left without a charge. */
import { found, type Json, missing, type Route, type State } from "../resource.ts";
import { type Card, newMethod } from "./payment-methods.ts";

export function newSetupIntent(stripe: State, over: Json): Json & { id: string } {
  const id = stripe.id("seti");
  return stripe.put({
    id,
    object: "setup_intent",
    client_secret: `${id}_secret_loopback`,
    created: stripe.now,
    customer: null,
    description: null,
    last_setup_error: null,
    livemode: false,
    metadata: {},
    payment_method: null,
    status: "requires_payment_method",
    usage: "off_session",
    ...over,
  });
}

/** What a page does with the client secret. */
export function leaveCard(stripe: State, id: string, card: Card): Json & { id: string } {
  const intent = stripe.objects.get(id)!;
  const method = newMethod(stripe, card, intent.customer as string);
  Object.assign(intent, { status: "succeeded", payment_method: method.id });
  stripe.emit("setup_intent.succeeded", intent);
  return method;
}

export const setupIntents: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/setup_intents",
    act({ form }, stripe) {
      if (form.customer !== undefined && !stripe.objects.has(String(form.customer)))
        return missing("customer", String(form.customer), "customer");
      const { customer = null, metadata = {}, usage = "off_session" } = form;
      return found(newSetupIntent(stripe, { customer, metadata, usage }));
    },
  },
  {
    method: "GET",
    path: "/v1/setup_intents/*",
    act: ({ ids: [id] }, stripe) =>
      stripe.objects.get(id!)?.object === "setup_intent" ? found(stripe.objects.get(id!)!) : missing("setupintent", id!, "intent"),
  },
];
