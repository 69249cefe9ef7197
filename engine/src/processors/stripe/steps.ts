/**
 * From what is stored to what was seen, one step at a time, in the order in which it happened at Stripe. Each step has its instant from
 * Stripe's own words, so that the same steps come out in the same order whichever event is told first, how often, and however late:
 * what is seen early is a beginning of what is seen late. Pure.
 */
import { isLive } from "../../billing/subscriptions/subscription.ts";
import type { Instant } from "../../billing/time/instant.ts";
import type { Period } from "../../billing/time/period.ts";
import type { Known, KnownBill, Seen, SeenAttempt, SeenBill, SeenRefund } from "./seen.ts";

export type Step =
  | { kind: "start"; at: Instant; period: Period }
  | { kind: "trial_ending"; at: Instant }
  | { kind: "trial_ended"; at: Instant; period: Period }
  | { kind: "renew"; at: Instant; period: Period }
  | { kind: "plan"; at: Instant }
  | { kind: "invoice" | "finalize" | "pay" | "void" | "uncollectible"; at: Instant; bill: SeenBill }
  | { kind: "fail"; at: Instant; bill: SeenBill; attempt: SeenAttempt }
  | { kind: "credit"; at: Instant; bill: SeenBill; amount: bigint }
  | { kind: "refund"; at: Instant; bill: SeenBill; refund: SeenRefund }
  | { kind: "cancel_asked"; at: Instant }
  | { kind: "end"; at: Instant }
  | { kind: "settle"; at: Instant };

/** What has no instant of its own comes after all that has one. */
const AFTER_ALL = Number.MAX_SAFE_INTEGER;
const TRIAL_WARNING = 3 * 86_400_000;

/** Of the same instant. */
const RANK: Readonly<Record<Step["kind"], number>> = {
  trial_ending: 0,
  trial_ended: 1,
  renew: 1,
  plan: 2,
  invoice: 3,
  finalize: 4,
  fail: 5,
  start: 6,
  pay: 7,
  void: 7,
  uncollectible: 7,
  credit: 8,
  refund: 8,
  cancel_asked: 9,
  end: 10,
  settle: 11,
};

/** The first that is not taken over yet; null: all is. `warned`: Stripe said that the trial is about to end. */
export function nextStep(known: Known, seen: Seen, warned = false): Step | null {
  const open = stepsOf(known, seen, warned).filter((step) => isOpen(step, known, seen));
  return open.sort((a, b) => a.at - b.at || RANK[a.kind] - RANK[b.kind])[0] ?? null;
}

function stepsOf(known: Known, seen: Seen, warned: boolean): Step[] {
  const { subscription, bills } = seen;
  const { row } = known;
  const steps: Step[] = bills.flatMap((bill) => stepsOfBill(bill, known.bills.get(bill.reference)));
  const first = bills.find((bill) => bill.reason === "start");
  const began = subscription.status !== "incomplete" && subscription.status !== "expired";
  if (began || row.status !== "incomplete") {
    const waits = first !== undefined && first.collection === "charge_automatically" && first.amountDue > 0n;
    // What is to be paid first begins with that; anything else before its first invoice.
    const at = waits ? (first.paidAt ?? first.finalizedAt ?? AFTER_ALL) : subscription.startedAt - 1;
    steps.push({ kind: "start", at, period: first?.ahead ?? subscription.period });
  }
  if (subscription.trialEnd !== null) {
    const { trialEnd } = subscription;
    const over = subscription.status !== "trialing" && isLive(subscription.status);
    const paid = bills.find((bill) => bill.ahead !== null && bill.ahead.start >= trialEnd)?.ahead ?? subscription.period;
    if (warned || over) steps.push({ kind: "trial_ending", at: trialEnd - TRIAL_WARNING });
    if (over) steps.push({ kind: "trial_ended", at: trialEnd, period: paid });
  }
  for (const { reason, ahead } of bills) if (reason === "period" && ahead) steps.push({ kind: "renew", at: ahead.start, period: ahead });
  steps.push({ kind: "renew", at: subscription.period.start + 1, period: subscription.period });
  steps.push({ kind: "plan", at: planChangedAt(known, seen) });
  if (subscription.canceledAt !== null && (subscription.cancelAt !== null || subscription.endedAt !== null))
    steps.push({ kind: "cancel_asked", at: subscription.canceledAt });
  if (!isLive(subscription.status)) steps.push({ kind: "end", at: subscription.endedAt ?? AFTER_ALL });
  steps.push({ kind: "settle", at: AFTER_ALL });
  return steps;
}

/** By what it was billed with; what was arranged for the end of a period happens there. */
function planChangedAt({ row }: Known, { bills, terms }: Seen): Instant {
  if (row.scheduled_change?.plan != null && row.scheduled_change.plan === terms?.plan.key) return row.current_period_end;
  return bills.findLast((bill) => bill.reason === "change")?.createdAt ?? AFTER_ALL;
}

function stepsOfBill(bill: SeenBill, known: KnownBill | undefined): Step[] {
  const steps: Step[] = [{ kind: "invoice", at: bill.createdAt, bill }];
  if (bill.finalizedAt !== null) steps.push({ kind: "finalize", at: bill.finalizedAt, bill });
  for (const attempt of bill.attempts) if (attempt.outcome === "failed") steps.push({ kind: "fail", at: attempt.at, bill, attempt });
  if (bill.paidAt !== null) steps.push({ kind: "pay", at: bill.paidAt, bill });
  if (bill.voidedAt !== null) steps.push({ kind: "void", at: bill.voidedAt, bill });
  if (bill.uncollectibleAt !== null) steps.push({ kind: "uncollectible", at: bill.uncollectibleAt, bill });
  const credited = bill.preCredited - (known?.offset ?? 0n);
  if (credited > 0n) steps.push({ kind: "credit", at: (bill.finalizedAt ?? bill.createdAt) + 1, bill, amount: credited });
  for (const refund of bill.refunds) steps.push({ kind: "refund", at: refund.at, bill, refund });
  return steps;
}

function isOpen(step: Step, known: Known, seen: Seen): boolean {
  const { row } = known;
  const live = isLive(row.status);
  const runs = live && row.status !== "incomplete";
  const { subscription } = seen;
  switch (step.kind) {
    case "start":
      return row.status === "incomplete";
    case "trial_ending":
      return row.status === "trialing" && !row.trial_warned;
    case "trial_ended":
      return row.status === "trialing";
    case "renew":
      return runs && row.status !== "trialing" && row.current_period_start < step.period.start;
    case "plan":
      return runs && changesTerms(known, seen);
    case "cancel_asked": {
      const at = subscription.cancelAt ?? subscription.endedAt!;
      const later = subscription.endedAt === null || subscription.endedAt > subscription.canceledAt!;
      return runs && row.cancel_at === null && row.auto_renew && later && at > subscription.canceledAt!;
    }
    case "end":
      return live;
    case "settle":
      return runs && isLive(subscription.status) && differs(known, seen);
    default:
      return isOpenOf(step, known.bills.get(step.bill.reference));
  }
}

function isOpenOf(step: Extract<Step, { bill: SeenBill }>, known: KnownBill | undefined): boolean {
  if (step.kind === "invoice") return known === undefined && !(step.bill.status === "void" && step.bill.finalizedAt === null);
  if (!known) return false;
  const due = known.status === "open" || known.status === "uncollectible";
  switch (step.kind) {
    case "finalize":
      return known.status === "draft";
    case "fail":
      return due && !known.references.has(step.attempt.reference);
    case "pay":
      return due;
    case "void":
      return known.status === "draft" || known.status === "open";
    case "uncollectible":
      return known.status === "open";
    case "credit":
      return known.status === "open";
    case "refund":
      return known.status === "paid" && !known.references.has(step.refund.reference);
  }
}

export function changesTerms({ row }: Known, { terms }: Seen): boolean {
  if (!terms) return false;
  const { plan, seats } = terms;
  return plan.key !== row.plan_key || (seats !== null && seats !== row.seats);
}

/** Whatever else is not as it is at Stripe. */
function differs({ row }: Known, { subscription: seen }: Seen): boolean {
  const pausing = (seen.status === "paused") !== (row.status === "paused");
  const failing = (seen.status === "past_due") !== (row.status === "past_due");
  const revoked = row.cancel_at !== null && seen.cancelAt === null;
  const moved = row.cancel_at !== null && seen.cancelAt !== null && seen.cancelAt !== row.cancel_at;
  const period = row.current_period_end !== seen.period.end && row.current_period_start === seen.period.start;
  const released = row.scheduled_change !== null && seen.schedule === null;
  const grace = seen.graceOver && row.status === "past_due" && (row.grace_until === null || row.grace_until > seen.period.start);
  return pausing || failing || revoked || moved || released || period || grace || trialMoved(row, seen);
}

function trialMoved(row: Known["row"], seen: Seen["subscription"]): boolean {
  return row.status === "trialing" && seen.status === "trialing" && seen.trialEnd !== row.trial_end;
}
