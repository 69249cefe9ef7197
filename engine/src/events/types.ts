/** The closed list of billing events, and the shape of one. */

export const EVENT_TYPES = [
  "alert.raised",
  "alert.acknowledged",
  "alert.resolved",
  "tenant.created",
  "tenant.updated",
  "tenant.erased",
  "subscription.started",
  "subscription.updated",
  "subscription.plan_changed",
  "subscription.trial_ending",
  "subscription.trial_ended",
  "subscription.renewed",
  "subscription.paused",
  "subscription.resumed",
  "subscription.past_due",
  "subscription.canceled",
  "subscription.expired",
  "invoice.created",
  "invoice.finalized",
  "invoice.paid",
  "invoice.payment_failed",
  "invoice.voided",
  "invoice.marked_uncollectible",
  "invoice.credited",
  "invoice.reopened",
  "invoice.sent",
  "invoice.sync_failed",
  "payment.succeeded",
  "payment.failed",
  "payment.requires_action",
  "payment.refunded",
  "payment.refund_failed",
  "payment.disputed",
  "payment.unapplied",
  "payment.kept",
  "payment.returned",
  "checkout.completed",
  "checkout.canceled",
  "checkout.expired",
  "checkout.failed",
  "credits.granted",
  "credits.consumed",
  "credits.expiring",
  "credits.expired",
  "credits.low_balance",
  "credits.top_up_failed",
  "credits.top_up_limited",
  "credits.top_up_disabled",
  "credits.refunded",
  "credits.transferred",
  "entitlement.overridden",
  "entitlement.override_removed",
  "usage.aggregated",
  "usage.limit_approaching",
  "usage.limit_reached",
  "usage.refused",
  "tax.delayed",
  "tax.record_failed",
  "catalog.changed",
  "webhook.test",
  "webhook.endpoint_disabled",
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** What an action says has happened; `commit` adds id, instant and source. */
export interface Happening {
  type: EventType;
  /** null: it concerns the whole engine (the catalog). */
  tenantId: string | null;
  /** The id of the thing that it happened to. */
  subject: string | null;
  /** One sentence for a person. */
  summary: string;
  data: Record<string, unknown>;
}
