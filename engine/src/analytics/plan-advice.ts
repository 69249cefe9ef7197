/**
 * Which plan what a tenant really used would make cheaper. The last full period is priced on each plan of the same interval in the tenant's
 * currency, by the code that makes invoices: as if that plan had been in force for all of it. Before discounts and taxes. A plan that would
 * not have carried the use (a hard limit, a feature that is missing) says so: cheaper is not the same as enough.
 */
import type { CatalogSnapshot } from "../billing/catalog/cache.ts";
import type { Plan } from "../billing/catalog/plan.ts";
import { subtotalOf } from "../billing/invoices/invoice.ts";
import { prepareInvoices } from "../billing/invoices/prepare.ts";
import { draftLineView } from "../billing/invoices/view.ts";
import { decimal } from "../billing/money/decimal.ts";
import { cycleAt } from "../billing/subscriptions/cycle.ts";
import { findCurrent, type SubscriptionRow } from "../billing/subscriptions/store.ts";
import { subjectOf } from "../billing/subscriptions/subject.ts";
import { isLive } from "../billing/subscriptions/subscription.ts";
import { formatInstant } from "../billing/time/instant.ts";
import type { Period } from "../billing/time/period.ts";
import { readQuantities } from "../billing/usage/quantity.ts";
import type { Context } from "../context.ts";
import { type Database, onPool } from "../db/pool.ts";
import { Refusal } from "../errors.ts";

export async function planAdvice(ctx: Context, tenantId: string) {
  const db = onPool(ctx.pool);
  const row = await findCurrent(db, tenantId);
  if (!row || !isLive(row.status))
    throw new Refusal("no_subscription", "The tenant has no live subscription, so there is nothing to compare with.");
  const period = lastFull(row);
  const head = { tenant_id: tenantId, plan: row.plan_key, currency: row.currency, seats: row.seats };
  if (!period) return { ...head, period_start: null, period_end: null, current_amount: null, plans: [], advice: null };
  const catalog = await ctx.catalog.current();
  const mine = await ctx.catalog.plan(row.plan_key, row.plan_version);
  const others = [...catalog.plans.values()].filter((plan) => plan.key !== mine.key && comparable(plan, mine, row.currency));
  const plans = [mine, ...others];
  const subject = { ...subjectOf(row), subscriptionId: null };
  const drafts = await prepareInvoices(
    ctx,
    db,
    plans.map((plan) => ({
      subject: { ...subject, planKey: plan.key, planVersion: plan.version },
      reason: "manual" as const,
      period,
      closes: period,
      advances: null,
    })),
    { onlyRates: true },
  );
  const amounts = drafts.map((draft) => subtotalOf(draft?.lines ?? []));
  const used = await usedOf(db, catalog, row, period);
  const priced = plans.map((plan, index) => ({
    plan: plan.key,
    name: plan.name,
    current: index === 0,
    amount: amounts[index]!,
    saves: amounts[0]! - amounts[index]!,
    ...shortOf(plan, mine, used),
    lines: (drafts[index]?.lines ?? []).map(draftLineView),
  }));
  const best = priced
    .filter((one) => one.saves > 0n && one.lacks.length === 0 && one.exceeds.length === 0)
    .sort((a, b) => (a.saves > b.saves ? -1 : 1))[0];
  return {
    ...head,
    period_start: formatInstant(period.start),
    period_end: formatInstant(period.end),
    current_amount: amounts[0]!,
    plans: priced.sort((a, b) => (a.amount === b.amount ? (a.plan < b.plan ? -1 : 1) : a.amount < b.amount ? -1 : 1)),
    advice: best ? { plan: best.plan, saves: best.saves } : null,
  };
}

/** The period before the one that runs, if it was served whole since what is paid began. */
function lastFull(row: SubscriptionRow): Period | null {
  if (row.current_period_start <= row.cycle_start) return null;
  return cycleAt(row, row.current_period_start - 1);
}

function comparable(plan: Plan, mine: Plan, currency: string): boolean {
  const { interval } = plan;
  return (
    !plan.archived && interval.unit === mine.interval.unit && interval.count === mine.interval.count && plan.currencies.includes(currency)
  );
}

/** What the period had of each metered feature's meter. */
async function usedOf(db: Database, catalog: CatalogSnapshot, row: SubscriptionRow, period: Period) {
  const metered = [...catalog.features.values()].flatMap((feature) => {
    const meter = feature.meter === null ? undefined : catalog.meters.get(feature.meter);
    return meter ? [{ feature: feature.key, meter }] : [];
  });
  const asks = metered.map(({ meter }) => ({ tenantNo: row.tenant_no, meter, start: period.start, end: period.end }));
  const answers = await readQuantities(db, asks);
  return new Map(metered.map(({ feature }, index) => [feature, answers[index]![0]!.value]));
}

function shortOf(plan: Plan, mine: Plan, used: ReadonlyMap<string, ReturnType<typeof decimal>>) {
  const given = new Map(plan.entitlements.map((one) => [one.feature, one]));
  const lacks = mine.entitlements.filter(
    (one) => one.enabled !== false && (given.get(one.feature) ?? { enabled: false }).enabled === false,
  );
  // Of shorter windows the period's sum says nothing.
  const exceeds = plan.entitlements.filter(
    ({ feature, limit, window, enforcement }) =>
      limit != null &&
      enforcement === "hard" &&
      (window === "month" || window === "billing_period") &&
      (used.get(feature)?.gt(decimal(limit)) ?? false),
  );
  const names = (list: readonly { feature: string }[]) => [...new Set(list.map(({ feature }) => feature))].sort();
  return { lacks: names(lacks), exceeds: names(exceeds) };
}
