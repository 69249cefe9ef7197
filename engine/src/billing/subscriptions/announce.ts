/** The events of a subscription whose terms change, in one wording. */
import type { Tx } from "../../commit.ts";
import { formatInstant } from "../time/instant.ts";
import type { SubscriptionRow } from "./store.ts";
import type { Proration } from "./terms.ts";

/** Another plan, or version of it, is in force; where only the seats are others, that is an update. */
export function announcePlanChange(tx: Tx, before: SubscriptionRow, after: SubscriptionRow, proration: Proration): void {
  if (before.plan_key === after.plan_key && before.plan_version === after.plan_version) {
    if (before.seats !== after.seats) announceUpdate(tx, after, `The subscription now has ${after.seats} seats.`, ["seats"]);
    return;
  }
  tx.emit({
    type: "subscription.plan_changed",
    tenantId: after.tenant_id,
    subject: after.id,
    summary: `The plan changed from ${before.plan_key} to ${after.plan_key}.`,
    data: {
      subscription: after.id,
      plan: after.plan_key,
      plan_version: after.plan_version,
      previous_plan: before.plan_key,
      previous_plan_version: before.plan_version,
      seats: after.seats,
      previous_seats: before.seats,
      status: after.status,
      proration,
      current_period_start: formatInstant(after.current_period_start),
      current_period_end: formatInstant(after.current_period_end),
    },
  });
}

/** `changed` are the fields of the API that are others now. */
export function announceUpdate(tx: Tx, row: SubscriptionRow, summary: string, changed: readonly string[]): void {
  tx.emit({
    type: "subscription.updated",
    tenantId: row.tenant_id,
    subject: row.id,
    summary,
    data: { subscription: row.id, plan: row.plan_key, status: row.status, seats: row.seats, changed },
  });
}
