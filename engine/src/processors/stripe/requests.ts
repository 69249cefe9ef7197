/** What Stripe is asked, in its own parameters, from a command and what is there. Pure. */
import type Stripe from "stripe";
import type { Plan } from "../../billing/catalog/plan.ts";
import type { Command } from "../../billing/subscriptions/processor.ts";
import type { SubscriptionRow } from "../../billing/subscriptions/store.ts";
import type { Proration } from "../../billing/subscriptions/terms.ts";
import type { Instant } from "../../billing/time/instant.ts";
import { OURS } from "../../gateways/stripe/objects.ts";
import { itemsOf, type PriceBook, type SoldItem } from "./price-book.ts";
import type { SeenSubscription } from "./subscription-shape.ts";

const seconds = (at: Instant) => Math.floor(at / 1_000);
const bare = ({ price, quantity }: SoldItem) => ({ price, ...(quantity === null ? {} : { quantity }) });

export function startParams(
  row: SubscriptionRow,
  plan: Plan,
  customer: string,
  book: PriceBook,
  { anchored, termDays, tax }: { anchored: boolean; termDays: number; tax: boolean },
): Stripe.SubscriptionCreateParams {
  const trialing = row.trial_end !== null && row.trial_end > row.started_at;
  return {
    customer,
    currency: row.currency,
    items: itemsOf(book, plan, row.seats, row.currency).items.map(bare),
    collection_method: row.collection,
    ...(row.collection === "send_invoice" ? { days_until_due: termDays } : {}),
    ...(trialing ? { trial_end: seconds(row.trial_end!) } : {}),
    ...(anchored ? { billing_cycle_anchor: seconds(row.anchor_at), proration_behavior: "create_prorations" as const } : {}),
    ...(row.auto_renew ? {} : { cancel_at_period_end: true }),
    ...(tax ? { automatic_tax: { enabled: true } } : {}),
    metadata: { [OURS.subscription]: row.id, [OURS.tenant]: row.tenant_id },
    off_session: true,
    payment_behavior: "allow_incomplete",
  };
}

const PRORATIONS = { invoice_now: "always_invoice", next_invoice: "create_prorations", none: "none" } as const;

export function prorationOf(proration: Proration | undefined) {
  return PRORATIONS[proration ?? "invoice_now"];
}

export type ItemChange = Stripe.SubscriptionUpdateParams.Item;

/** From the items that are there to those of the plan: the same role keeps its item, what is not sold any more is taken off. */
export function itemChanges(seen: SeenSubscription, plan: Plan, seats: number, currency: string, book: PriceBook): ItemChange[] {
  const { items } = itemsOf(book, plan, seats, currency);
  const left = [...seen.items];
  const take = (fits: (reference: string) => boolean) => {
    const at = left.findIndex((item) => fits(item.price));
    return at < 0 ? null : left.splice(at, 1)[0]!;
  };
  // The same price first, so that another one of the same role does not take its item.
  const same = items.map((item) => take((price) => price === item.price));
  const changes = items.map((item, index): ItemChange => {
    const role = book.find(item.price)?.price;
    const kept = same[index] ?? (item.quantity === null ? null : take((price) => book.find(price)?.price === role));
    return { ...(kept ? { id: kept.reference } : {}), ...bare(item) };
  });
  return [...changes, ...left.map((item) => ({ id: item.reference, deleted: true }))];
}

export function updateParams(items: ItemChange[], proration: Proration | undefined): Stripe.SubscriptionUpdateParams {
  return { items, proration_behavior: prorationOf(proration), off_session: true, payment_behavior: "allow_incomplete" };
}

/** The terms that run to the end of the period, then those that follow; then the schedule lets go. */
export function phases(
  seen: SeenSubscription,
  startOfPhase: Instant,
  plan: Plan,
  seats: number,
  currency: string,
  book: PriceBook,
): Stripe.SubscriptionScheduleUpdateParams {
  const now = seen.items.map((item) => ({ price: item.price, ...(item.quantity === null ? {} : { quantity: item.quantity }) }));
  return {
    end_behavior: "release",
    proration_behavior: "none",
    phases: [
      { items: now, start_date: seconds(startOfPhase), end_date: seconds(seen.period.end), proration_behavior: "none" },
      {
        items: itemsOf(book, plan, seats, currency).items.map(bare),
        start_date: seconds(seen.period.end),
        duration: { interval: plan.interval.unit, interval_count: plan.interval.count },
        proration_behavior: "none",
      },
    ],
  };
}

export function cancelParams({ reason, refundUnused }: Extract<Command, { kind: "cancel" }>): Stripe.SubscriptionCancelParams {
  return {
    invoice_now: true,
    prorate: refundUnused ?? false,
    ...(reason === undefined ? {} : { cancellation_details: { comment: reason } }),
  };
}

export function pauseParams(resumesAt: Instant | null): Stripe.SubscriptionUpdateParams {
  return { pause_collection: { behavior: "void", ...(resumesAt === null ? {} : { resumes_at: seconds(resumesAt) }) } };
}
