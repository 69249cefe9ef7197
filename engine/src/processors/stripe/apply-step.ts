/** One step of what was seen at Stripe, taken over in one write: the state, and what is said of it. */
import type { Plan } from "../../billing/catalog/plan.ts";
import type { DraftLine } from "../../billing/invoices/invoice.ts";
import { findInvoice } from "../../billing/invoices/store.ts";
import { announcePlanChange, announceUpdate } from "../../billing/subscriptions/announce.ts";
import { changeCredits, openCredits } from "../../billing/subscriptions/open-credits.ts";
import { insertTrial, type SubscriptionRow, saveSubscription } from "../../billing/subscriptions/store.ts";
import { formatInstant } from "../../billing/time/instant.ts";
import type { Period } from "../../billing/time/period.ts";
import type { Tx } from "../../commit.ts";
import type { EventType } from "../../events/types.ts";
import { applyBillStep } from "./apply-bill.ts";
import type { Known, Seen, SeenBill, Terms } from "./seen.ts";
import type { Step } from "./steps.ts";

const DAY = 86_400_000;

export async function applyStep(tx: Tx, step: Step, known: Known, seen: Seen, lines: (bill: SeenBill) => DraftLine[]): Promise<void> {
  const { row } = known;
  switch (step.kind) {
    case "start":
      return start(tx, row, seen, step.period);
    case "trial_ending":
      return trialEnding(tx, row);
    case "trial_ended":
      return trialEnded(tx, row, step.period);
    case "renew":
      return renew(tx, row, step.period);
    case "plan":
      return changeTerms(tx, known, seen, seen.terms!);
    case "cancel_asked":
      return cancelAsked(tx, row, seen);
    case "end":
      return end(tx, row, seen);
    case "settle":
      return settle(tx, row, seen);
    default:
      return applyBillStep(tx, step, { row, known: known.bills.get(step.bill.reference), lines });
  }
}

async function start(tx: Tx, row: SubscriptionRow, { subscription, terms }: Seen, period: Period): Promise<void> {
  const trialing = subscription.trialEnd !== null && subscription.trialEnd > subscription.startedAt && period.start < subscription.trialEnd;
  const plan = terms?.plan;
  const next: SubscriptionRow = {
    ...row,
    ...(plan ? { plan_key: plan.key, plan_version: versionOf(row, plan) } : {}),
    seats: terms?.seats ?? row.seats,
    status: trialing ? "trialing" : "active",
    trial_end: subscription.trialEnd,
    anchor_at: subscription.anchorAt,
    cycle_start: period.start,
    ...intervalOf(row, { subscription, terms }),
    current_period_start: period.start,
    current_period_end: period.end,
    closed_until: period.start,
  };
  await saveSubscription(tx, next);
  if (trialing) await insertTrial(tx, next, period.start);
  say(
    tx,
    next,
    "subscription.started",
    trialing ? `A trial of ${plan?.name ?? next.plan_key} began.` : `A subscription to ${plan?.name ?? next.plan_key} began.`,
    {
      plan_version: next.plan_version,
      seats: next.seats,
      processor: "stripe",
    },
  );
  if (trialing) await openCredits(tx, [{ row: next, invoice: null }]);
}

async function trialEnding(tx: Tx, row: SubscriptionRow): Promise<void> {
  const next = { ...row, trial_warned: true };
  await saveSubscription(tx, next);
  say(tx, next, "subscription.trial_ending", `The trial ends at ${formatInstant(row.trial_end ?? row.current_period_end)}.`, {});
}

async function trialEnded(tx: Tx, row: SubscriptionRow, period: Period): Promise<void> {
  const moved = period.start >= (row.trial_end ?? row.current_period_start);
  const next: SubscriptionRow = {
    ...row,
    status: "active",
    ...(moved
      ? { current_period_start: period.start, current_period_end: period.end, closed_until: period.start, cycle_start: period.start }
      : {}),
  };
  await saveSubscription(tx, next);
  say(tx, next, "subscription.trial_ended", "The trial ended, and what is paid begins.", {});
}

async function renew(tx: Tx, row: SubscriptionRow, period: Period): Promise<void> {
  const next = { ...row, current_period_start: period.start, current_period_end: period.end, closed_until: period.start };
  await saveSubscription(tx, next);
  say(tx, next, "subscription.renewed", `A new period began, to ${formatInstant(period.end)}.`, {
    current_period_start: formatInstant(period.start),
    current_period_end: formatInstant(period.end),
  });
}

async function changeTerms(tx: Tx, { row, bills }: Known, seen: Seen, { plan, seats }: Terms): Promise<void> {
  const { subscription } = seen;
  const other = plan.key !== row.plan_key;
  const next: SubscriptionRow = {
    ...row,
    plan_key: plan.key,
    plan_version: versionOf(row, plan),
    seats: seats ?? row.seats,
    ...intervalOf(row, seen),
    anchor_at: subscription.anchorAt,
    current_period_start: subscription.period.start,
    current_period_end: subscription.period.end,
    scheduled_change: other || row.scheduled_change?.plan == null ? null : row.scheduled_change,
  };
  await saveSubscription(tx, next);
  announcePlanChange(tx, row, next, "invoice_now");
  const change = seen.bills.findLast((bill) => bill.reason === "change");
  const bill = change && bills.get(change.reference);
  await changeCredits(tx, { row: next, invoice: bill ? await findInvoice(tx, bill.id, row.tenant_id) : null });
}

async function cancelAsked(tx: Tx, row: SubscriptionRow, { subscription }: Seen): Promise<void> {
  const at = subscription.cancelAt ?? subscription.endedAt!;
  const next = {
    ...row,
    cancel_at: at,
    canceled_at: subscription.canceledAt,
    cancel_reason: row.cancel_reason ?? subscription.cancelReason,
  };
  await saveSubscription(tx, next);
  announceUpdate(tx, next, `The subscription will be canceled at ${formatInstant(at)}.`, ["cancel_at"]);
}

async function end(tx: Tx, row: SubscriptionRow, { subscription }: Seen): Promise<void> {
  const began = row.status !== "incomplete";
  const status = !began || subscription.status === "expired" || !row.auto_renew ? "expired" : "canceled";
  const next: SubscriptionRow = {
    ...row,
    status,
    canceled_at: row.canceled_at ?? (status === "canceled" ? subscription.canceledAt : null),
    cancel_reason: row.cancel_reason ?? subscription.cancelReason,
    ended_at: subscription.endedAt ?? tx.now,
    pause: null,
    scheduled_change: null,
    grace_until: null,
    due_at: null,
  };
  await saveSubscription(tx, next);
  const words = !began
    ? "The subscription ended before it began: it was not paid."
    : status === "canceled"
      ? "The subscription was canceled."
      : "The subscription ended.";
  say(tx, next, status === "canceled" ? "subscription.canceled" : "subscription.expired", words, { reason: next.cancel_reason });
}

/** What has no step of its own: pauses, revoked cancellations, and the word of Stripe on whether it is paid. */
async function settle(tx: Tx, row: SubscriptionRow, { subscription: seen }: Seen): Promise<void> {
  const paused = seen.status === "paused";
  const next: SubscriptionRow = {
    ...row,
    status: seen.status,
    pause: paused
      ? {
          paused_at: row.pause?.paused_at ?? formatInstant(tx.now),
          resumes_at: seen.pause?.resumesAt == null ? null : formatInstant(seen.pause.resumesAt),
        }
      : null,
    cancel_at: row.auto_renew ? seen.cancelAt : null,
    canceled_at: seen.cancelAt === null ? null : seen.canceledAt,
    cancel_reason: seen.cancelAt === null ? null : row.cancel_reason,
    trial_end: seen.trialEnd,
    scheduled_change: seen.schedule === null ? null : row.scheduled_change,
    current_period_end: row.current_period_start === seen.period.start ? seen.period.end : row.current_period_end,
    grace_until: graceOf(tx, row, seen),
  };
  await saveSubscription(tx, next);
  if (paused && row.status !== "paused") {
    const until = next.pause?.resumes_at;
    say(tx, next, "subscription.paused", until ? `The subscription was paused until ${until}.` : "The subscription was paused.", {
      resumes_at: until ?? null,
    });
  } else if (!paused && row.status === "paused") {
    say(tx, next, "subscription.resumed", "The subscription was resumed.", {});
  } else if (seen.status === "past_due" && row.status !== "past_due") {
    const words = `A payment is outstanding; access stays until ${formatInstant(next.grace_until!)}.`;
    say(tx, next, "subscription.past_due", words, { grace_until: formatInstant(next.grace_until!) });
  } else if (row.cancel_at !== null && next.cancel_at === null) {
    announceUpdate(tx, next, "The cancellation was revoked.", ["cancel_at"]);
  } else if (row.scheduled_change !== null && next.scheduled_change === null) {
    announceUpdate(tx, next, "The change that was arranged for the end of the period was taken back.", ["scheduled_change"]);
  } else {
    announceUpdate(tx, next, `At Stripe the subscription is ${seen.graceOver ? "unpaid" : seen.status}.`, ["status"]);
  }
}

function graceOf(tx: Tx, row: SubscriptionRow, seen: Seen["subscription"]) {
  if (seen.status !== "past_due") return null;
  // Stripe has stopped trying: nothing is left of the grace.
  if (seen.graceOver) return Math.min(seen.period.start, tx.now);
  return row.grace_until ?? tx.now + tx.ctx.config.gracePeriodDays * DAY;
}

function versionOf(row: SubscriptionRow, plan: Plan): number {
  return plan.key === row.plan_key ? row.plan_version : plan.version;
}

function intervalOf(row: SubscriptionRow, { subscription, terms }: Pick<Seen, "subscription" | "terms">) {
  const interval = terms?.plan.interval ?? subscription.items[0]?.interval ?? { unit: row.interval_unit, count: row.interval_count };
  return { interval_unit: interval.unit, interval_count: interval.count };
}

function say(tx: Tx, row: SubscriptionRow, type: EventType, summary: string, data: Record<string, unknown>): void {
  tx.emit({
    type,
    tenantId: row.tenant_id,
    subject: row.id,
    summary,
    data: { subscription: row.id, plan: row.plan_key, status: row.status, ...data },
  });
}
