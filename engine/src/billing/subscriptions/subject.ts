/** A subscription as invoices know it. */
import type { Subject } from "../invoices/prepare.ts";
import type { SubscriptionRow } from "./store.ts";

export function subjectOf(row: SubscriptionRow): Subject {
  return {
    tenantId: row.tenant_id,
    tenantNo: row.tenant_no,
    testClockId: row.test_clock_id,
    subscriptionId: row.id,
    planKey: row.plan_key,
    planVersion: row.plan_version,
    currency: row.currency,
    seats: row.seats,
    timeZone: row.time_zone,
    anchorAt: row.anchor_at,
    cycleStart: row.cycle_start,
    usageFrom: row.usage_from,
    interval: { unit: row.interval_unit, count: row.interval_count },
    collection: row.collection,
    gateway: row.gateway,
  };
}
