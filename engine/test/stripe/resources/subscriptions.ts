/** Subscriptions and their schedules: made, changed, canceled; and the cycle, which moves when it is moved. */
import { found, type Json, missing, type Route, refuse, type State } from "../resource.ts";
import { collect, finalize, lineOf, newInvoice, regularLines, type Thing } from "./invoices.ts";

type Period = { start: number; end: number };

const of = (stripe: State, kind: string, id: string): Thing | null => {
  const object = stripe.objects.get(id);
  return object?.object === kind ? (object as Thing) : null;
};

export const itemsOf = (subscription: Json): Json[] => (subscription.items as { data: Json[] }).data;

export function periodOf(subscription: Json): Period {
  const [item] = itemsOf(subscription);
  return { start: Number(item!.current_period_start), end: Number(item!.current_period_end) };
}

function setPeriod(subscription: Json, { start, end }: Period): void {
  for (const item of itemsOf(subscription)) Object.assign(item, { current_period_start: start, current_period_end: end });
}

export function monthsOn(at: number, price: Json): number {
  const { interval, interval_count: count } = (price.recurring ?? {}) as Json;
  const date = new Date(at * 1_000);
  if (interval === "year") date.setUTCFullYear(date.getUTCFullYear() + Number(count));
  else if (interval === "month") date.setUTCMonth(date.getUTCMonth() + Number(count));
  else date.setUTCDate(date.getUTCDate() + Number(count) * (interval === "week" ? 7 : 1));
  return Math.floor(date.getTime() / 1_000);
}

function newItem(stripe: State, subscription: string, ask: Json): Json | null {
  const price = of(stripe, "price", String(ask.price));
  if (!price) return null;
  const metered = (price.recurring as Json).usage_type === "metered";
  return {
    id: stripe.id("si"),
    object: "subscription_item",
    created: stripe.now,
    metadata: {},
    price,
    ...(metered ? {} : { quantity: Number(ask.quantity ?? 1) }),
    subscription,
    tax_rates: [],
  };
}

/** `there`: the person is, on a page, and does what the bank asks. */
export function create(form: Json, stripe: State, there = false) {
  const customer = of(stripe, "customer", String(form.customer));
  if (!customer) return missing("customer", String(form.customer), "customer");
  const id = stripe.id("sub");
  const items = (form.items as Json[]).map((ask) => newItem(stripe, id, ask));
  const odd = items.indexOf(null);
  if (odd >= 0) return missing("price", String((form.items as Json[])[odd]!.price), `items[${odd}][price]`);
  const send = form.collection_method === "send_invoice";
  const card = form.default_payment_method ?? (customer.invoice_settings as Json).default_payment_method;
  const trialEnd = form.trial_end === undefined ? null : Number(form.trial_end);
  if (!send && card === null && trialEnd === null)
    return refuse(400, {
      code: "resource_missing",
      message: "This customer has no attached payment source or default payment method. Please consider adding a default payment method.",
    });
  const first = items[0]!;
  const anchor = trialEnd ?? stripe.now;
  const end =
    trialEnd ?? (form.billing_cycle_anchor === undefined ? monthsOn(stripe.now, first.price as Json) : Number(form.billing_cycle_anchor));
  const subscription: Thing = {
    id,
    object: "subscription",
    automatic_tax: { enabled: false },
    billing_cycle_anchor: anchor,
    cancel_at: null,
    cancel_at_period_end: form.cancel_at_period_end === "true",
    canceled_at: form.cancel_at_period_end === "true" ? stripe.now : null,
    cancellation_details: { comment: null, feedback: null, reason: null },
    collection_method: form.collection_method ?? "charge_automatically",
    created: stripe.now,
    currency: form.currency ?? (first.price as Json).currency,
    customer: customer.id,
    days_until_due: send ? Number(form.days_until_due) : null,
    default_payment_method: form.default_payment_method ?? null,
    discounts: [],
    ended_at: null,
    items: { object: "list", data: items as Json[], has_more: false, url: `/v1/subscription_items?subscription=${id}` },
    latest_invoice: null,
    livemode: false,
    metadata: form.metadata ?? {},
    pause_collection: null,
    schedule: null,
    start_date: stripe.now,
    status: trialEnd === null ? "incomplete" : "trialing",
    test_clock: null,
    trial_end: trialEnd,
    trial_start: trialEnd === null ? null : stripe.now,
  };
  const period = { start: stripe.now, end };
  setPeriod(subscription, period);
  stripe.put(subscription);
  const lines =
    trialEnd === null
      ? regularLines(stripe, subscription, period, null)
      : itemsOf(subscription).map((item) => ({ ...lineOf(stripe, id, { item, period }), amount: 0 }));
  const invoice = newInvoice(stripe, subscription, "subscription_create", lines, { start: stripe.now, end: stripe.now });
  finalize(stripe, invoice);
  if (send && trialEnd === null) subscription.status = "active";
  else if (collect(stripe, invoice, there) && trialEnd === null) subscription.status = "active";
  stripe.emit("customer.subscription.created", subscription);
  return found(subscription);
}

function update(subscription: Thing, form: Json, stripe: State) {
  if (subscription.status === "canceled") return missing("subscription", subscription.id);
  const before = structuredClone(subscription);
  const {
    items,
    proration_behavior: proration = "create_prorations",
    pause_collection,
    cancel_at_period_end,
    cancellation_details,
    metadata,
  } = form;
  const lines: Thing[] = [];
  if (items) {
    const problem = changeItems(subscription, items as Json[], stripe, proration === "none" ? null : lines);
    if (problem) return problem;
  }
  if (pause_collection !== undefined) {
    const pause = pause_collection as Json;
    subscription.pause_collection =
      pause_collection === ""
        ? null
        : { behavior: pause.behavior, resumes_at: pause.resumes_at === undefined ? null : Number(pause.resumes_at) };
  }
  if (cancel_at_period_end !== undefined) {
    const asked = cancel_at_period_end === "true";
    Object.assign(subscription, {
      cancel_at_period_end: asked,
      cancel_at: asked ? periodOf(subscription).end : null,
      canceled_at: asked ? stripe.now : null,
    });
  }
  if (cancellation_details)
    subscription.cancellation_details = { ...(subscription.cancellation_details as Json), ...(cancellation_details as Json) };
  if (metadata) subscription.metadata = { ...(subscription.metadata as Json), ...(metadata as Json) };
  stripe.emit("customer.subscription.updated", subscription, { items: before.items, cancel_at_period_end: before.cancel_at_period_end });
  if (lines.length > 0 && proration === "always_invoice") {
    const invoice = newInvoice(stripe, subscription, "subscription_update", lines, periodOf(subscription));
    finalize(stripe, invoice);
    if (subscription.collection_method !== "send_invoice" && !collect(stripe, invoice)) subscription.status = "past_due";
  }
  return found(subscription);
}

function changeItems(subscription: Thing, asks: Json[], stripe: State, lines: Thing[] | null) {
  const period = periodOf(subscription);
  const share = (period.end - stripe.now) / (period.end - period.start);
  const rest = { start: stripe.now, end: period.end };
  const list = itemsOf(subscription);
  const flat = (item: Json) => !(item.price as { recurring: Json }).recurring.meter;
  for (const ask of asks) {
    const known = list.find((item) => item.id === ask.id);
    if (ask.id !== undefined && !known) return missing("subscription_item", String(ask.id), "items");
    const same =
      known &&
      known.price === of(stripe, "price", String(ask.price)) &&
      (ask.quantity === undefined || Number(ask.quantity) === known.quantity);
    if (same) continue;
    if (known && flat(known)) lines?.push(lineOf(stripe, subscription.id, { item: known, period: rest, share, back: true }));
    if (known) list.splice(list.indexOf(known), 1);
    if (ask.deleted === "true") continue;
    const fresh = newItem(stripe, subscription.id, ask);
    if (!fresh) return missing("price", String(ask.price), "items");
    Object.assign(fresh, known ? { id: known.id } : {}, { current_period_start: period.start, current_period_end: period.end });
    list.push(fresh);
    if (flat(fresh)) lines?.push(lineOf(stripe, subscription.id, { item: fresh, period: rest, share }));
  }
  return null;
}

export function end(stripe: State, subscription: Thing): void {
  Object.assign(subscription, { status: "canceled", ended_at: stripe.now, canceled_at: subscription.canceled_at ?? stripe.now });
  stripe.emit("customer.subscription.deleted", subscription);
}

/** Moves to the end of the period: it ends there, or the next begins with its draft. Answers the draft. */
export function turn(stripe: State, subscription: Thing): Thing | null {
  const before = periodOf(subscription);
  stripe.now = before.end;
  if (subscription.cancel_at_period_end === true) {
    end(stripe, subscription);
    return null;
  }
  const schedule = subscription.schedule === null ? null : of(stripe, "subscription_schedule", String(subscription.schedule));
  const [, next] = (schedule?.phases ?? []) as Json[];
  if (schedule && next) {
    (subscription.items as Json).data = (next.items as Json[]).map((ask) => newItem(stripe, subscription.id, ask)!);
    Object.assign(schedule, { status: "released", released_subscription: subscription.id, subscription: null });
    subscription.schedule = null;
  }
  const period = { start: before.end, end: monthsOn(before.end, itemsOf(subscription)[0]!.price as Json) };
  if (subscription.status === "trialing") subscription.status = "active";
  setPeriod(subscription, period);
  stripe.emit("customer.subscription.updated", subscription, { items: {} });
  return newInvoice(stripe, subscription, "subscription_cycle", regularLines(stripe, subscription, period, before), before);
}

/** An hour later the draft is issued and collected; what is not paid makes the subscription past due, what is paid ends that. */
export function issue(stripe: State, subscription: Thing, invoice: Thing): boolean {
  if (invoice.status === "draft") {
    stripe.now += 3_600;
    finalize(stripe, invoice);
  } else stripe.now += 86_400;
  const paid = subscription.collection_method === "send_invoice" ? false : collect(stripe, invoice);
  const status = paid ? "active" : subscription.collection_method === "send_invoice" ? subscription.status : "past_due";
  if (status !== subscription.status) {
    const before = subscription.status;
    subscription.status = status;
    stripe.emit("customer.subscription.updated", subscription, { status: before });
  }
  return paid;
}

function preview(form: Json, stripe: State) {
  const known = of(stripe, "subscription", String(form.subscription));
  if (!known) return missing("subscription", String(form.subscription), "subscription");
  const subscription = structuredClone(known);
  for (const item of itemsOf(subscription)) item.price = stripe.objects.get(String((item.price as Json).id));
  const details = (form.subscription_details ?? {}) as Json;
  const lines: Thing[] = [];
  if (details.items) {
    const problem = changeItems(subscription, details.items as Json[], stripe, details.proration_behavior === "none" ? null : lines);
    if (problem) return problem;
  }
  const before = periodOf(subscription);
  if (details.proration_behavior !== "always_invoice") {
    const ahead = { start: before.end, end: monthsOn(before.end, itemsOf(subscription)[0]!.price as Json) };
    lines.push(...regularLines(stripe, subscription, ahead, before));
  }
  return found(newInvoice(stripe, subscription, "upcoming", lines, before, false));
}

export const subscriptions: readonly Route[] = [
  { method: "POST", path: "/v1/subscriptions", act: ({ form }, stripe) => create(form, stripe) },
  {
    method: "GET",
    path: "/v1/subscriptions",
    act: (call, stripe) =>
      stripe.list(
        stripe.all("subscription").filter((one) => call.form.customer === undefined || one.customer === call.form.customer),
        call,
        "/v1/subscriptions",
      ),
  },
  {
    method: "GET",
    path: "/v1/subscriptions/*",
    act: ({ ids: [id] }, stripe) =>
      of(stripe, "subscription", id!) ? found(of(stripe, "subscription", id!)!) : missing("subscription", id!),
  },
  {
    method: "POST",
    path: "/v1/subscriptions/*",
    act({ ids: [id], form }, stripe) {
      const subscription = of(stripe, "subscription", id!);
      return subscription ? update(subscription, form, stripe) : missing("subscription", id!);
    },
  },
  {
    method: "DELETE",
    path: "/v1/subscriptions/*",
    act({ ids: [id], form }, stripe) {
      const subscription = of(stripe, "subscription", id!);
      if (!subscription || subscription.status === "canceled") return missing("subscription", id!);
      const details = (form.cancellation_details ?? {}) as Json;
      subscription.cancellation_details = { comment: details.comment ?? null, feedback: null, reason: "cancellation_requested" };
      end(stripe, subscription);
      return found(subscription);
    },
  },
  { method: "POST", path: "/v1/invoices/create_preview", act: ({ form }, stripe) => preview(form, stripe) },
  {
    method: "POST",
    path: "/v1/subscription_schedules",
    act({ form }, stripe) {
      const subscription = of(stripe, "subscription", String(form.from_subscription));
      if (!subscription) return missing("subscription", String(form.from_subscription), "from_subscription");
      if (subscription.schedule !== null)
        return refuse(400, { message: "You cannot migrate a subscription that is already attached to a schedule." });
      const { start, end: until } = periodOf(subscription);
      const items = itemsOf(subscription).map((item) => ({ price: (item.price as Json).id, quantity: item.quantity }));
      const schedule = stripe.put({
        id: stripe.id("sub_sched"),
        object: "subscription_schedule",
        created: stripe.now,
        current_phase: { start_date: start, end_date: until },
        customer: subscription.customer,
        end_behavior: "release",
        metadata: {},
        phases: [{ items, start_date: start, end_date: until }],
        released_subscription: null,
        status: "active",
        subscription: subscription.id,
      });
      subscription.schedule = schedule.id;
      stripe.emit("subscription_schedule.created", schedule);
      return found(schedule);
    },
  },
  {
    method: "GET",
    path: "/v1/subscription_schedules/*",
    act: ({ ids: [id] }, stripe) =>
      of(stripe, "subscription_schedule", id!) ? found(of(stripe, "subscription_schedule", id!)!) : missing("subscription_schedule", id!),
  },
  {
    method: "POST",
    path: "/v1/subscription_schedules/*",
    act({ ids: [id], form }, stripe) {
      const schedule = of(stripe, "subscription_schedule", id!);
      if (!schedule) return missing("subscription_schedule", id!);
      Object.assign(schedule, form);
      stripe.emit("subscription_schedule.updated", schedule);
      return found(schedule);
    },
  },
  {
    method: "POST",
    path: "/v1/subscription_schedules/*/release",
    act({ ids: [id] }, stripe) {
      const schedule = of(stripe, "subscription_schedule", id!);
      if (schedule?.status !== "active") return missing("subscription_schedule", id!);
      const subscription = of(stripe, "subscription", String(schedule.subscription))!;
      subscription.schedule = null;
      Object.assign(schedule, { status: "released", released_subscription: subscription.id, subscription: null });
      stripe.emit("subscription_schedule.released", schedule);
      return found(schedule);
    },
  },
];
