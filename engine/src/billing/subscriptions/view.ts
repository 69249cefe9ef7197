/** A subscription as the API shows it (docs/http-api.md, Subscription). */
import { type TSchema, Type } from "typebox";
import { Instant as InstantText, Named, Nullable, TenantId } from "../../http/schema.ts";
import type { Plan } from "../catalog/plan.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { SubscriptionRow } from "./store.ts";

const text = () => Nullable(Type.String());
const instant = () => Nullable(InstantText());

export const SubscriptionView: TSchema = Named(
  "Subscription",
  Type.Object({
    id: text(),
    tenant_id: TenantId(),
    plan: text(),
    plan_version: Nullable(Type.Integer()),
    status: Type.String({ description: "trialing, active, past_due, paused, canceled, expired, incomplete; none without a subscription." }),
    currency: text(),
    seats: Nullable(Type.Integer()),
    processor: text(),
    gateway: text(),
    collection: text(),
    started_at: instant(),
    billing_anchor: instant(),
    current_period_start: instant(),
    current_period_end: instant(),
    trial_end: instant(),
    cancel_at: instant(),
    canceled_at: instant(),
    ended_at: instant(),
    pause: Nullable(Type.Object({}, { additionalProperties: true })),
    scheduled_change: Nullable(Type.Object({}, { additionalProperties: true })),
    grace_until: instant(),
    auto_renew: Type.Boolean(),
    billing_email: text(),
    created_at: instant(),
  }),
);

const at = (value: Instant | null) => (value === null ? null : formatInstant(value));

export function subscriptionView(row: SubscriptionRow) {
  return {
    id: row.id,
    tenant_id: row.tenant_id,
    plan: row.plan_key,
    plan_version: row.plan_version,
    status: row.status,
    currency: row.currency,
    seats: row.seats,
    processor: row.processor,
    gateway: row.gateway,
    collection: row.collection,
    started_at: at(row.started_at),
    billing_anchor: at(row.anchor_at),
    current_period_start: at(row.current_period_start),
    current_period_end: at(row.current_period_end),
    trial_end: at(row.trial_end),
    cancel_at: at(row.cancel_at),
    canceled_at: at(row.canceled_at),
    ended_at: at(row.ended_at),
    pause: row.pause,
    scheduled_change: row.scheduled_change,
    grace_until: at(row.grace_until),
    auto_renew: row.auto_renew,
    billing_email: row.billing_email,
    created_at: at(row.created_at),
  };
}

/** A tenant without a subscription: the default plan's view, if there is one. */
export function noSubscriptionView(tenantId: string, plan: Plan | null) {
  return {
    id: null,
    tenant_id: tenantId,
    plan: plan?.key ?? null,
    plan_version: plan?.version ?? null,
    status: "none",
    currency: plan?.currency ?? null,
    seats: null,
    processor: null,
    gateway: null,
    collection: null,
    started_at: null,
    billing_anchor: null,
    current_period_start: null,
    current_period_end: null,
    trial_end: null,
    cancel_at: null,
    canceled_at: null,
    ended_at: null,
    pause: null,
    scheduled_change: null,
    grace_until: null,
    auto_renew: false,
    billing_email: null,
    created_at: null,
  };
}
