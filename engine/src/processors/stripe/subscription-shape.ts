/**
 * A subscription of Stripe as we know it, from any shape that Stripe has sent: periods stand on the items since 2025, on the subscription
 * before; what it is sold by stands in `price`, and stood in `plan`. Pure.
 */
import type { SubscriptionStatus } from "../../billing/subscriptions/subscription.ts";
import type { Instant } from "../../billing/time/instant.ts";
import type { Period } from "../../billing/time/period.ts";
import {
  idOf,
  inner,
  instant,
  itemsIn,
  type Json,
  MalformedObject,
  optionalInstant,
  optionalText,
  optionalWhole,
  text,
  textsIn,
} from "./fields.ts";

export interface SeenItem {
  reference: string;
  price: string;
  product: string | null;
  /** null: it is metered. */
  quantity: number | null;
  interval: { unit: "day" | "week" | "month" | "year"; count: number };
  period: Period;
}

export interface SeenSubscription {
  reference: string;
  customer: string;
  status: SubscriptionStatus;
  /** Stripe has given up on being paid: what it leaves of a grace is over. */
  graceOver: boolean;
  currency: string;
  collection: "charge_automatically" | "send_invoice";
  items: readonly SeenItem[];
  startedAt: Instant;
  anchorAt: Instant;
  period: Period;
  trialEnd: Instant | null;
  /** When it ends by what was asked for. */
  cancelAt: Instant | null;
  /** When that was asked, or when it was ended. */
  canceledAt: Instant | null;
  endedAt: Instant | null;
  cancelReason: string | null;
  pause: { resumesAt: Instant | null } | null;
  schedule: string | null;
  metadata: Readonly<Record<string, string>>;
}

const STATUSES: Readonly<Record<string, SubscriptionStatus>> = {
  incomplete: "incomplete",
  incomplete_expired: "expired",
  trialing: "trialing",
  active: "active",
  past_due: "past_due",
  unpaid: "past_due",
  paused: "paused",
  canceled: "canceled",
};

/** Throws `MalformedObject`, naming what is missing. */
export function readSubscription(object: Json): SeenSubscription {
  const stripes = text(object, "status");
  const mapped = STATUSES[stripes];
  if (mapped === undefined) throw new MalformedObject(`subscription.status is ${stripes}`);
  const pausing = inner(object, "pause_collection");
  const live = mapped === "active" || mapped === "past_due" || mapped === "trialing";
  const status = pausing && live ? "paused" : mapped;
  const items = itemsIn(object.items).map((item) => readItem(item, object));
  const period = items[0]?.period ?? periodIn(object);
  if (!period) throw new MalformedObject("subscription has no period");
  return {
    reference: text(object, "id"),
    customer: idOf(object.customer) ?? "",
    status,
    graceOver: stripes === "unpaid",
    currency: optionalText(object, "currency") ?? currencyOfItems(object),
    collection: object.collection_method === "send_invoice" ? "send_invoice" : "charge_automatically",
    items,
    startedAt: optionalInstant(object, "start_date") ?? instant(object, "created"),
    anchorAt: instant(object, "billing_cycle_anchor"),
    period,
    trialEnd: optionalInstant(object, "trial_end"),
    cancelAt: optionalInstant(object, "cancel_at") ?? (object.cancel_at_period_end === true ? period.end : null),
    canceledAt: optionalInstant(object, "canceled_at"),
    endedAt: optionalInstant(object, "ended_at"),
    cancelReason: reasonIn(object),
    pause: status === "paused" ? { resumesAt: pausing ? optionalInstant(pausing, "resumes_at") : null } : null,
    schedule: idOf(object.schedule),
    metadata: textsIn(object.metadata),
  };
}

function readItem(item: Json, subscription: Json): SeenItem {
  const price = inner(item, "price") ?? inner(item, "plan");
  if (!price) throw new MalformedObject("subscription_item has no price");
  const recurring = inner(price, "recurring") ?? price;
  const period = periodIn(item) ?? periodIn(subscription);
  if (!period) throw new MalformedObject("subscription_item has no period");
  const quantity = optionalWhole(item, "quantity");
  return {
    reference: text(item, "id"),
    price: text(price, "id"),
    product: idOf(price.product),
    quantity: recurring.usage_type === "metered" || quantity === null ? null : Number(quantity),
    interval: { unit: unitIn(recurring), count: Number(optionalWhole(recurring, "interval_count") ?? 1n) },
    period,
  };
}

function unitIn(recurring: Json): SeenItem["interval"]["unit"] {
  const unit = recurring.interval;
  if (unit === "day" || unit === "week" || unit === "month" || unit === "year") return unit;
  throw new MalformedObject("price.recurring.interval is none");
}

function periodIn(object: Json): Period | null {
  const start = optionalInstant(object, "current_period_start");
  const end = optionalInstant(object, "current_period_end");
  return start === null || end === null || start >= end ? null : { start, end };
}

// Before 2022 a subscription did not say its currency; its prices do.
function currencyOfItems(object: Json): string {
  const [first] = itemsIn(object.items);
  const price = first && (inner(first, "price") ?? inner(first, "plan"));
  return text(price ?? object, "currency");
}

function reasonIn(object: Json): string | null {
  const details = inner(object, "cancellation_details");
  if (!details) return null;
  return optionalText(details, "comment") ?? optionalText(details, "feedback") ?? optionalText(details, "reason");
}
