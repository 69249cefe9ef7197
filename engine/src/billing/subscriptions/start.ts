/** Starts a subscription: the plan at its current version, the first period, and what is paid in advance for it. */

import type { Tx } from "../../commit.ts";
import { invalidField, Refusal } from "../../errors.ts";
import { newId } from "../../ids.ts";
import type { Plan } from "../catalog/plan.ts";
import { addDiscount } from "../invoices/add-discount.ts";
import { collectBy } from "../payments/collect-by.ts";
import type { TenantRef } from "../tenants/cache.ts";
import type { Instant } from "../time/instant.ts";
import { alignAnchor, servicePeriodAt } from "../time/period.ts";
import { billStart } from "./bill-start.ts";
import { dueAt } from "./cycle.ts";
import { lockCurrent } from "./lock-current.ts";
import { openCredits } from "./open-credits.ts";
import { hadTrial, insertSubscription, insertTrial, type SubscriptionRow } from "./store.ts";
import { isLive } from "./subscription.ts";

const DAY = 86_400_000;

export interface StartInput {
  tenant: TenantRef;
  plan: string;
  currency?: string | undefined;
  seats?: number | undefined;
  trialDays?: number | undefined;
  startAt?: Instant | undefined;
  billingAnchor?: Instant | undefined;
  alignment?: "anniversary" | "calendar" | undefined;
  collection?: "charge_automatically" | "send_invoice" | undefined;
  gateway?: string | undefined;
  billingEmail?: string | undefined;
  autoRenew?: boolean | undefined;
  /** The key of a coupon, for the invoices of this subscription. */
  coupon?: string | undefined;
}

export async function startSubscription(tx: Tx, input: StartInput): Promise<SubscriptionRow> {
  const { tenant } = input;
  const catalog = await tx.ctx.catalog.current({ fresh: true });
  const plan = catalog.plans.get(input.plan);
  if (!plan || plan.archived) {
    throw new Refusal("plan_not_found", `There is no plan ${JSON.stringify(input.plan)} on sale.`, {
      faults: [{ path: "plan", message: "names no plan" }],
    });
  }
  const current = await lockCurrent(tx, tenant.id);
  if (current && isLive(current.status)) throw alreadySubscribed(current);
  const row = { ...(await firstState(tx, input, plan)), usage_from: current && usageAfter(current) };
  if (!(await insertSubscription(tx, row))) throw alreadySubscribed(null);
  if (row.trial_end !== null) await insertTrial(tx, row, row.started_at);
  const stored = { ...row, tenant_no: tenant.no };
  tx.emit({
    type: "subscription.started",
    tenantId: tenant.id,
    subject: row.id,
    summary:
      row.status === "trialing"
        ? `A trial of ${plan.name} began.`
        : `A subscription to ${plan.name} ${row.status === "incomplete" ? "was arranged" : "began"}.`,
    data: { subscription: row.id, plan: plan.key, plan_version: plan.version, status: row.status, seats: row.seats },
  });
  if (input.coupon !== undefined) await addDiscount(tx, { tenantId: tenant.id, subscriptionId: row.id, coupon: input.coupon });
  if (row.status === "active") await billStart(tx, [stored]);
  if (row.status === "trialing") await openCredits(tx, [{ row: stored, invoice: null }]);
  return stored;
}

/** The row of a subscription that is about to begin. Throws a 422 for what its plan is not sold for. */
export async function firstState(tx: Tx, input: StartInput, plan: Plan): Promise<Omit<SubscriptionRow, "tenant_no">> {
  const { tenant } = input;
  const startAt = input.startAt ?? tx.now;
  const trialDays = await trialDaysOf(tx, input, plan);
  const paidFrom = startAt + trialDays * DAY;
  const anchor = anchorOf(input, plan, paidFrom, tenant.timeZone);
  const future = startAt > tx.now;
  const trialing = !future && trialDays > 0 && paidFrom > tx.now;
  const trialEnd = trialDays > 0 ? paidFrom : null;
  const cycle = servicePeriodAt(paidFrom, anchor, plan.interval, tenant.timeZone, Math.max(paidFrom, tx.now));
  const period = trialing || (future && trialEnd !== null) ? { start: startAt, end: paidFrom } : cycle;
  const row: Omit<SubscriptionRow, "tenant_no"> = {
    id: newId("subscription"),
    tenant_id: tenant.id,
    test_clock_id: tenant.testClockId,
    plan_key: plan.key,
    plan_version: plan.version,
    status: future ? "incomplete" : trialing ? "trialing" : "active",
    currency: currencyOf(input, plan),
    seats: input.seats ?? 1,
    processor: "engine",
    gateway: await gatewayOf(tx, input),
    collection: input.collection ?? "charge_automatically",
    interval_unit: plan.interval.unit,
    interval_count: plan.interval.count,
    time_zone: tenant.timeZone,
    anchor_at: anchor,
    cycle_start: paidFrom,
    started_at: startAt,
    current_period_start: period.start,
    current_period_end: period.end,
    closed_until: trialing || future ? period.start : paidFrom,
    usage_from: null,
    trial_end: trialEnd,
    trial_warned: false,
    cancel_at: null,
    canceled_at: null,
    cancel_reason: null,
    ended_at: null,
    pause: null,
    scheduled_change: null,
    grace_until: null,
    auto_renew: input.autoRenew ?? true,
    billing_email: input.billingEmail ?? null,
    due_at: null,
    created_at: tx.now,
  };
  return { ...row, due_at: dueAt({ ...row, tenant_no: tenant.no }) };
}

/** Whoever cancels at once is billed for that instant too; who comes back at the same one, or dates the start back, not again. */
function usageAfter(before: SubscriptionRow): Instant | null {
  if (before.ended_at === null) return null;
  // It was paused at its end: it served nothing there.
  if (before.closed_until < before.ended_at) return before.ended_at;
  return before.ended_at < before.current_period_end ? before.ended_at + 1 : before.ended_at;
}

// A tenant gets one trial a plan, whoever asks.
async function trialDaysOf(tx: Tx, input: StartInput, plan: Plan): Promise<number> {
  const days = input.trialDays ?? plan.trialDays ?? 0;
  return days > 0 && (await hadTrial(tx, input.tenant.id, plan.key)) ? 0 : days;
}

function anchorOf(input: StartInput, plan: Plan, paidFrom: Instant, timeZone: string): Instant {
  if (input.billingAnchor !== undefined) return input.billingAnchor;
  return input.alignment === "calendar" ? alignAnchor(paidFrom, plan.interval, timeZone) : paidFrom;
}

function currencyOf(input: StartInput, plan: Plan): string {
  const currency = input.currency ?? input.tenant.currency ?? plan.currency;
  if (!plan.currencies.includes(currency)) {
    throw invalidField("plan", `is sold in ${plan.currencies.join(", ")}, but the tenant pays in ${currency}`);
  }
  return currency;
}

async function gatewayOf(tx: Tx, input: StartInput): Promise<string> {
  const names = tx.ctx.gateways.names();
  const gateway = input.gateway ?? (await collectBy(tx, input.tenant.id));
  if (gateway === undefined || !names.includes(gateway))
    throw invalidField("gateway", `must be one of those configured: ${names.join(", ")}`);
  return gateway;
}

export function alreadySubscribed(current: SubscriptionRow | null): Refusal {
  const words = current ? ` (${current.id}, ${current.status})` : "";
  return new Refusal("already_subscribed", `The tenant has a live subscription already${words}; change its plan or cancel it first.`);
}
