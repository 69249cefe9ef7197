/** Products, prices and meters; usage that meters are sent, once by its identifier. */
import { found, type Json, missing, type Route, refuse, type State } from "../resource.ts";

const of = (stripe: State, kind: string, id: string) => {
  const object = stripe.objects.get(id);
  return object?.object === kind ? (object as Json & { id: string }) : null;
};

export function newPrice(stripe: State, over: Json): Json & { id: string } {
  return stripe.put({
    id: stripe.id("price"),
    object: "price",
    active: true,
    billing_scheme: "per_unit",
    created: stripe.now,
    currency: "usd",
    livemode: false,
    lookup_key: null,
    metadata: {},
    nickname: null,
    product: "prod_loopback",
    recurring: { interval: "month", interval_count: 1, usage_type: "licensed", meter: null, trial_period_days: null },
    tiers_mode: null,
    type: "recurring",
    unit_amount: 0,
    unit_amount_decimal: String(over.unit_amount ?? 0),
    ...over,
  });
}

function createPrice(form: Json, stripe: State) {
  if (form.lookup_key !== undefined && stripe.all("price").some((price) => price.lookup_key === form.lookup_key))
    return refuse(400, { message: `A price (lookup key ${String(form.lookup_key)}) already uses that lookup key.`, param: "lookup_key" });
  const { recurring, unit_amount, ...rest } = form;
  const cycle = (recurring ?? {}) as Json;
  const price = newPrice(stripe, {
    ...rest,
    unit_amount: unit_amount === undefined ? null : Number(unit_amount),
    unit_amount_decimal: form.unit_amount_decimal ?? unit_amount ?? null,
    recurring: { usage_type: "licensed", meter: null, ...cycle, interval_count: Number(cycle.interval_count ?? 1) },
  });
  stripe.emit("price.created", price);
  return found(price);
}

export const prices: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/products",
    act({ form }, stripe) {
      const id = form.id === undefined ? stripe.id("prod") : String(form.id);
      if (stripe.objects.has(id)) return refuse(400, { code: "resource_already_exists", message: "Product already exists.", param: "id" });
      const product = stripe.put({ object: "product", active: true, created: stripe.now, livemode: false, metadata: {}, ...form, id });
      stripe.emit("product.created", product);
      return found(product);
    },
  },
  {
    method: "GET",
    path: "/v1/products/*",
    act: ({ ids: [id] }, stripe) => (of(stripe, "product", id!) ? found(of(stripe, "product", id!)!) : missing("product", id!)),
  },
  { method: "POST", path: "/v1/prices", act: ({ form }, stripe) => createPrice(form, stripe) },
  {
    method: "GET",
    path: "/v1/prices",
    act(call, stripe) {
      const keys = call.form.lookup_keys as string[] | undefined;
      const { active, type } = call.form;
      const items = stripe
        .all("price")
        .filter((price) => keys === undefined || keys.includes(String(price.lookup_key)))
        .filter((price) => (active === undefined || String(price.active) === active) && (type === undefined || price.type === type));
      return stripe.list(items, call, "/v1/prices");
    },
  },
  {
    method: "POST",
    path: "/v1/billing/meters",
    act({ form }, stripe) {
      if (stripe.all("billing.meter").some((meter) => meter.event_name === form.event_name))
        return refuse(400, {
          message: `There is already an active meter with event name ${String(form.event_name)}.`,
          param: "event_name",
        });
      return found(
        stripe.put({ object: "billing.meter", status: "active", created: stripe.now, livemode: false, ...form, id: stripe.id("mtr") }),
      );
    },
  },
  {
    method: "GET",
    path: "/v1/billing/meters",
    act: (call, stripe) => stripe.list(stripe.all("billing.meter"), call, "/v1/billing/meters"),
  },
  {
    method: "POST",
    path: "/v1/billing/meter_events",
    act({ form }, stripe) {
      const payload = (form.payload ?? {}) as Json;
      if (stripe.objects.get(String(payload.stripe_customer_id))?.object !== "customer")
        return refuse(400, { code: "resource_missing", message: "No such customer.", param: "payload[stripe_customer_id]" });
      const at = Number(form.timestamp ?? stripe.now);
      if (at < stripe.now - 35 * 86_400)
        return refuse(400, { code: "timestamp_too_far_in_past", message: "The timestamp is too far in the past.", param: "timestamp" });
      const id = `mevent_${String(form.identifier)}`;
      // Within a day the same identifier is refused; it was counted the first time.
      if (stripe.objects.has(id))
        return refuse(400, {
          code: "duplicate_meter_event",
          message: `An event already exists with identifier ${String(form.identifier)}.`,
          param: "identifier",
        });
      return found(
        stripe.put({
          id,
          object: "billing.meter_event",
          created: stripe.now,
          event_name: form.event_name,
          identifier: form.identifier,
          livemode: false,
          payload,
          timestamp: at,
        }),
      );
    },
  },
  {
    method: "GET",
    path: "/v2/core/events/*",
    act: ({ ids: [id] }, stripe) =>
      stripe.objects.get(id!)?.object === "v2.core.event" ? found(stripe.objects.get(id!)!) : missing("event", id!),
  },
];

/** What a customer's meter counted in a stretch of time, as Stripe's sum. */
export function metered(stripe: State, customer: unknown, event: unknown, from: number, to: number): number {
  return stripe
    .all("billing.meter_event")
    .filter((one) => one.event_name === event && (one.payload as Json).stripe_customer_id === customer)
    .filter((one) => Number(one.timestamp) >= from && Number(one.timestamp) < to)
    .reduce((sum, one) => sum + Number((one.payload as Json).value ?? 1), 0);
}

/** What Stripe found later in what its meter had taken: the event as it is read there; answers its thin webhook. */
export function meterErrors(stripe: State, type: string, errors: Readonly<Record<string, readonly string[]>>, count: number): Json {
  const id = `evt_test_${stripe.id("thin")}`;
  const thin = { id, object: "v2.core.event", created: "2026-11-28T10:00:00.000Z", livemode: false, reason: null, type };
  stripe.put({
    ...thin,
    data: {
      developer_message_summary: `There are ${count} invalid events`,
      reason: {
        error_count: count,
        error_types: Object.entries(errors).map(([code, identifiers]) => ({
          code,
          error_count: identifiers.length,
          sample_errors: identifiers.map((identifier) => ({ error_message: `It is ${code}.`, request: { identifier } })),
        })),
      },
      validation_start: "2026-11-28T09:59:50.000Z",
      validation_end: "2026-11-28T10:00:00.000Z",
    },
  });
  return thin;
}
