/** Checkout sessions of every mode, and what a person does on their pages. */
import { found, type Json, missing, type Reply, type Route, refuse, type State } from "../resource.ts";
import { confirm, newIntent } from "./payment-intents.ts";
import { type Card, newMethod } from "./payment-methods.ts";
import { leaveCard, newSetupIntent } from "./setup-intents.ts";
import { create as createSubscription } from "./subscriptions.ts";

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
  const subscribes = form.mode === "subscription";
  const problem = subscribes ? oddLine(lines, stripe) : null;
  if (problem) return problem;
  if (subscribes) return found(newSession(stripe, form, expires, { currency: of(stripe, lines[0]!).currency, total: null }));
  const total = lines.reduce((sum, line) => sum + Number((line.price_data as Json).unit_amount) * Number(line.quantity ?? 1), 0);
  const currency = form.mode === "setup" ? (form.currency ?? null) : ((lines[0]!.price_data as Json).currency as string);
  return found(newSession(stripe, form, expires, { currency, total: form.mode === "setup" ? null : total }));
}

const of = (stripe: State, line: Json) => stripe.objects.get(String(line.price)) as Json;

/** What Stripe says against the line items of a subscription. */
function oddLine(lines: Json[], stripe: State): Reply | null {
  if (lines.length === 0) return refuse(400, { message: "Missing required param: line_items.", param: "line_items" });
  for (const [index, line] of lines.entries()) {
    const param = `line_items[${index}]`;
    const price = of(stripe, line);
    if (price?.object !== "price") return missing("price", String(line.price), `${param}[price]`);
    if (price.active === false)
      return refuse(400, { message: "The price specified is inactive. This field only accepts active prices.", param });
    const metered = (price.recurring as Json).usage_type === "metered";
    if (metered && line.quantity !== undefined)
      return refuse(400, { message: "Quantity should not be specified where usage_type is `metered`.", param: `${param}[quantity]` });
    if (!metered && !(Number(line.quantity) >= 1)) return refuse(400, { message: "Quantity is required.", param: `${param}[quantity]` });
  }
  return null;
}

function newSession(
  stripe: State,
  form: Json,
  expires: number,
  { currency, total }: { currency: unknown; total: number | null },
): Json & { id: string } {
  const id = stripe.id("cs_test");
  return stripe.put<Json & { id: string }>({
    id,
    object: "checkout.session",
    amount_subtotal: total,
    amount_total: total,
    cancel_url: form.cancel_url ?? null,
    client_reference_id: form.client_reference_id ?? null,
    created: stripe.now,
    currency,
    customer: form.customer ?? null,
    expires_at: expires,
    line_items: form.line_items ?? [],
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
    subscription: null,
    subscription_data: form.subscription_data ?? {},
    success_url: form.success_url ?? null,
    url: `https://checkout.stripe.com/c/pay/${id}`,
  });
}

/** Somebody pays, or leaves a card, on the page. Answers what the page would say against it. */
export function completeSession(stripe: State, id: string, card: Card): Json | null {
  const session = stripe.objects.get(id)!;
  if (session.status !== "open") throw new Error(`The page is ${String(session.status)}.`);
  if (session.mode === "subscription") {
    const error = subscribe(stripe, session, card);
    if (error) return error;
  } else if (session.mode === "setup") leaveCard(stripe, session.setup_intent as string, card);
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

/** The subscription is made once the card is good; a card that is refused leaves none behind. */
function subscribe(stripe: State, session: Json, card: Card): Json | null {
  if (typeof card.outcome === "object") return { code: "card_declined", decline_code: card.outcome.decline, message: card.outcome.message };
  const { metadata = {}, trial_period_days } = session.subscription_data as Json;
  const method = newMethod(stripe, card, String(session.customer));
  const form = {
    customer: session.customer,
    items: session.line_items,
    metadata,
    default_payment_method: method.id,
    ...(trial_period_days === undefined ? {} : { trial_end: String(stripe.now + Number(trial_period_days) * A_DAY) }),
  };
  const { body } = createSubscription(form, stripe, true);
  session.subscription = body.id;
  session.payment_status = body.status === "incomplete" ? "unpaid" : body.status === "trialing" ? "no_payment_required" : "paid";
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
