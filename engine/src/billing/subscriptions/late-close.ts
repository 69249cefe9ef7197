/**
 * What came late for a subscription that has ended has no next invoice to be on: once nothing of it can come any more, a last one bills
 * what did (domain §4.5).
 */
import type { Context } from "../../context.ts";
import type { BillingRequest } from "../invoices/prepare.ts";
import type { Instant } from "../time/instant.ts";
import type { SubscriptionRow } from "./store.ts";
import { subjectOf } from "./subject.ts";

const DAY = 86_400_000;

/** When the last event of what it served may have come. */
export function lateCloseAt(ctx: Pick<Context, "config">, { closed_until: until }: Pick<SubscriptionRow, "closed_until">): Instant {
  return until + ctx.config.usage.maxAgeDays * DAY + 1;
}

export function hasEnded({ status }: Pick<SubscriptionRow, "status">): boolean {
  return status === "canceled" || status === "expired";
}

/** Nothing is closed and nothing is sold: only what came late for the periods before is on it. */
export function lateRequest(row: SubscriptionRow): BillingRequest {
  const period = { start: row.closed_until, end: row.closed_until };
  // What was used at the very instant of an end, where that was before its time and no pause, was billed with it.
  const throughEnd = row.ended_at === row.closed_until && row.closed_until < row.current_period_end;
  return { subject: subjectOf(row), reason: "final", period, closes: period, parts: [], throughEnd, advances: null };
}
