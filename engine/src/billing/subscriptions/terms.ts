/** What a subscription is sold, before and after a change: pure rules of plans, seats and when a change happens. */
import { invalidField } from "../../errors.ts";
import type { Plan } from "../catalog/plan.ts";
import { rate } from "../catalog/rate.ts";
import { type Amount, compare, NOTHING, plus } from "../money/amount.ts";
import { decimal, ONE } from "../money/decimal.ts";
import type { Instant } from "../time/instant.ts";
import { cycleAt } from "./cycle.ts";
import type { SubscriptionRow } from "./store.ts";

export type When = "now" | "period_end" | "auto";
export type Proration = "invoice_now" | "next_invoice" | "none";

export function sameInterval(row: SubscriptionRow, plan: Plan): boolean {
  return plan.interval.unit === row.interval_unit && plan.interval.count === row.interval_count;
}

/** The same subscription under other terms. Another interval counts its periods from `from` on. */
export function underTerms(row: SubscriptionRow, plan: Plan, seats: number, from: Instant): SubscriptionRow {
  const next = { ...row, plan_key: plan.key, plan_version: plan.version, seats, scheduled_change: null };
  if (sameInterval(row, plan)) return next;
  return { ...next, interval_unit: plan.interval.unit, interval_count: plan.interval.count, anchor_at: from, cycle_start: from };
}

/** The same, with a new cycle that begins at `from`: its first period is the current one. */
export function fromNewCycle(row: SubscriptionRow, from: Instant): SubscriptionRow {
  const cycle = { ...row, anchor_at: from, cycle_start: from };
  const period = cycleAt(cycle, from);
  return { ...cycle, current_period_start: period.start, current_period_end: period.end, closed_until: from };
}

/** `auto` is now where the interval stays and the price times seats is strictly higher, else at the end of the period (domain §5.3). */
export function whenOf(when: When, row: SubscriptionRow, now: { plan: Plan; seats: number }, next: { plan: Plan; seats: number }) {
  if (when !== "auto") return when;
  const dearer = compare(recurringOf(next.plan, next.seats, row.currency), recurringOf(now.plan, now.seats, row.currency)) > 0;
  return sameInterval(row, next.plan) && dearer ? "now" : "period_end";
}

function recurringOf(plan: Plan, seats: number, currency: string): Amount {
  return plan
    .pricesIn(currency)
    .filter((price) => price.type !== "usage")
    .map((price) => rate(price, { quantity: price.type === "seat" ? decimal(seats) : ONE }).amount)
    .reduce(plus, NOTHING);
}

export function assertSoldIn(plan: Plan, currency: string): void {
  if (!plan.currencies.includes(currency)) {
    throw invalidField("plan", `is sold in ${plan.currencies.join(", ")}, but the subscription is in ${currency}`);
  }
}
