/** Checkout sessions of mode payment and setup, and what a person does on their pages. */
import { found, type Json, missing, type Reply, type Route, refuse, type State } from "../resource.ts";
import { confirm, newIntent } from "./payment-intents.ts";
import { type Card, newMethod } from "./payment-methods.ts";
import { leaveCard, newSetupIntent } from "./setup-intents.ts";

const HALF_AN_HOUR = 1_800;
const A_DAY = 86_400;

function create(form: Json, stripe: State): Reply {
  const lines = Array.isArray(form.line_items) ? (form.line_items as Json[]) : [];
  if (form.mode === "payment" && lines.length === 0)
    return refuse(400, { message: "Missing required param: line_items.", param: "line_items" });
  const expires = Number(form.expires_at ?? stripe.now + A_DAY);
  if (expires < stripe.now + HALF_AN_HOUR || expires > stripe.now + A_DAY)
    return refuse(400, { message: "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.", param: "expires_at" });
  if (form.customer !== undefined && !stripe.objects.has(String(form.customer)))
    return missing("customer", String(form.customer), "customer");
  const total = lines.reduce((sum, line) => sum + Number((line.price_data as Json).unit_amount) * Number(line.quantity ?? 1), 0);
  const id = stripe.id("cs_test");
  const session = stripe.put<Json & { id: string }>({
    id,
    object: "checkout.session",
    amount_subtotal: form.mode === "setup" ? null : total,
    amount_total: form.mode === "setup" ? null : total,
    cancel_url: form.cancel_url ?? null,
    client_reference_id: form.client_reference_id ?? null,
    created: stripe.now,
    currency: form.mode === "setup" ? (form.currency ?? null) : ((lines[0]!.price_data as Json).currency as string),
    customer: form.customer ?? null,
    expires_at: expires,
    livemode: false,
    metadata: form.metadata ?? {},
    mode: form.mode,
    payment_intent: null,
    payment_intent_data: form.payment_intent_data ?? {},
    payment_status: form.mode === "setup" ? "no_payment_required" : "unpaid",
    setup_intent:
      form.mode === "setup"
        ? newSetupIntent(stripe, { customer: form.customer ?? null, metadata: (form.setup_intent_data as Json)?.metadata ?? {} }).id
        : null,
    status: "open",
    success_url: form.success_url ?? null,
    url: `https://checkout.stripe.com/c/pay/${id}`,
  });
  return found(session);
}

/** Somebody pays, or leaves a card, on the page. Answers what the page would say against it. */
export function completeSession(stripe: State, id: string, card: Card): Json | null {
  const session = stripe.objects.get(id)!;
  if (session.mode === "setup") leaveCard(stripe, session.setup_intent as string, card);
  else {
    const { metadata = {}, description = null, setup_future_usage } = session.payment_intent_data as Json;
    const keeps = setup_future_usage === "off_session";
    const before = stripe.objects.get(String(session.payment_intent)) as (Json & { id: string }) | undefined;
    const intent =
      before ??
      newIntent(stripe, { amount: session.amount_total, currency: session.currency, customer: session.customer, metadata, description });
    const method = newMethod(stripe, card, keeps ? (session.customer as string) : null);
    intent.payment_method = method.id;
    session.payment_intent = intent.id;
    const error = confirm(stripe, intent, card, true);
    if (error) return error;
    session.payment_status = intent.status === "succeeded" ? "paid" : "unpaid";
  }
  session.status = "complete";
  stripe.emit("checkout.session.completed", session);
  return null;
}

export function expireSession(stripe: State, id: string): void {
  const session = stripe.objects.get(id)!;
  session.status = "expired";
  session.url = null;
  stripe.emit("checkout.session.expired", session);
}

export const checkoutSessions: readonly Route[] = [
  { method: "POST", path: "/v1/checkout/sessions", act: ({ form }, stripe) => create(form, stripe) },
  {
    method: "GET",
    path: "/v1/checkout/sessions/*",
    act: ({ ids: [id] }, stripe) =>
      stripe.objects.get(id!)?.object === "checkout.session" ? found(stripe.objects.get(id!)!) : missing("checkout.session", id!),
  },
  {
    method: "GET",
    path: "/v1/checkout/sessions",
    act: (call, stripe) =>
      stripe.list(
        stripe.all("checkout.session").filter((session) => call.form.customer === undefined || session.customer === call.form.customer),
        call,
        "/v1/checkout/sessions",
      ),
  },
  {
    method: "POST",
    path: "/v1/checkout/sessions/*/expire",
    act({ ids: [id] }, stripe) {
      const session = stripe.objects.get(id!);
      if (session?.object !== "checkout.session") return missing("checkout.session", id!);
      if (session.status !== "open")
        return refuse(400, {
          message: `Only Checkout Sessions with a status in ["open"] can be expired. This one is ${String(session.status)}.`,
        });
      expireSession(stripe, id!);
      return found(session);
    },
  },
];
