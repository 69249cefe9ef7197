/** Where a tenant stands: the plan whose entitlements hold at an instant, and why it is not the one that was bought (domain §5.7 to §5.9). */
import { cycleAt, endsAt } from "../subscriptions/cycle.ts";
import type { SubscriptionRow } from "../subscriptions/store.ts";
import type { TenantRef } from "../tenants/cache.ts";
import { FAR_FUTURE, type Instant } from "../time/instant.ts";
import type { Period } from "../time/period.ts";
import type { Override } from "./override.ts";

export type Subscribed = Pick<
  SubscriptionRow,
  | "status"
  | "plan_key"
  | "plan_version"
  | "grace_until"
  | "cancel_at"
  | "auto_renew"
  | "scheduled_change"
  | "current_period_start"
  | "current_period_end"
  | "cycle_start"
  | "anchor_at"
  | "interval_unit"
  | "interval_count"
  | "time_zone"
>;

/** What of a tenant decides, as it is stored. */
export interface Account {
  tenant: TenantRef;
  /** The live one, else the last that ended; null: there never was one. */
  subscription: Subscribed | null;
  overrides: readonly Override[];
}

/** Why the default plan holds in place of another one, or nothing does. */
export type Cause = "no_subscription" | "past_due" | "paused";

export interface Standing {
  status: SubscriptionRow["status"] | "none";
  /** What was bought and holds; null: the default plan, if there is one. */
  bought: { key: string; version: number } | null;
  /** null: what was bought holds. */
  cause: Cause | null;
  /** Of the subscription; null: there is none that runs. */
  period: Period | null;
  /** The first instant at which time alone changes any of this. */
  until: Instant;
}

/** A sweep that is late changes nothing: what falls due at an instant holds from that instant on. */
export function standingAt(subscription: Subscribed | null, now: Instant): Standing {
  if (subscription === null) return { status: "none", bought: null, cause: "no_subscription", period: null, until: FAR_FUTURE };
  const { status } = subscription;
  const gone: Standing = { status, bought: null, cause: "no_subscription", period: null, until: FAR_FUTURE };
  if (status === "canceled" || status === "expired" || status === "incomplete") return gone;
  const end = endsAt(subscription) ?? FAR_FUTURE;
  if (now >= end) return { ...gone, status: subscription.cancel_at === null ? "expired" : "canceled" };
  if (status === "paused") return { status, bought: null, cause: "paused", period: null, until: end };
  const period = periodAt(subscription, now);
  const until = Math.min(end, period.end);
  const grace = subscription.grace_until;
  if (status === "past_due" && (grace === null || now >= grace)) return { status, bought: null, cause: "past_due", period, until };
  return {
    status,
    bought: planAt(subscription, now),
    cause: null,
    period,
    until: status === "past_due" ? Math.min(until, grace!) : until,
  };
}

function periodAt(subscription: Subscribed, now: Instant): Period {
  const { current_period_start: start, current_period_end: end } = subscription;
  return now < end ? { start, end } : cycleAt(subscription, now);
}

function planAt({ plan_key, plan_version, scheduled_change: change, current_period_end: end }: Subscribed, now: Instant) {
  if (now >= end && change?.plan != null && change.plan_version !== null) return { key: change.plan, version: change.plan_version };
  return { key: plan_key, version: plan_version };
}
