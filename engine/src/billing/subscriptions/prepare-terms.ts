/**
 * Computes a change of plan or seats that happens now: what the subscription becomes, what is invoiced, what waits for the
 * next invoice. Nothing is written: a dry run and a preview are this, and the change itself stores what this answers.
 */
import type { Context } from "../../context.ts";
import type { Database } from "../../db/pool.ts";
import type { Plan } from "../catalog/plan.ts";
import type { DraftLine } from "../invoices/invoice.ts";
import type { BillingRequest } from "../invoices/prepare.ts";
import { prepareChange } from "../invoices/prepare-change.ts";
import { type Segment, wholeSegment } from "../invoices/segment.ts";
import { fullPeriodAt, type Period } from "../time/period.ts";
import { cutPeriod } from "./cut-period.ts";
import { cycleAt, dueAt, isTrialPeriod, periodsBehind } from "./cycle.ts";
import { hadTrial, type SubscriptionRow } from "./store.ts";
import { subjectOf } from "./subject.ts";
import { fromNewCycle, type Proration, sameInterval, underTerms } from "./terms.ts";

export interface TermsChange {
  plan: Plan;
  seats: number;
  proration: Proration;
}

export interface PreparedTerms {
  next: SubscriptionRow;
  requests: BillingRequest[];
  /** For the next invoice, whenever that is made. */
  pending: DraftLine[];
  /** The parts of periods that are stored anew, by the period's start. */
  segments: { periodStart: number; parts: Segment[] }[];
  endsTrial: boolean;
}

export async function prepareTerms(
  ctx: Context,
  db: Database,
  row: SubscriptionRow,
  change: TermsChange,
  now: number,
): Promise<PreparedTerms> {
  if (row.status === "incomplete" || isTrialPeriod(row)) return beforePaid(db, row, change, now);
  const { plan, seats, proration } = change;
  if (!sameInterval(row, plan)) {
    const next = due(fromNewCycle(underTerms(row, plan, seats, now), now));
    const moved = row.cancel_at === null ? next : due({ ...next, cancel_at: next.current_period_end });
    const cut = await cutPeriod(ctx, db, row, { at: now, credit: proration !== "none", next: moved });
    return {
      ...nothing(moved),
      requests: cut.requests,
      segments: [{ periodStart: row.current_period_start, parts: cut.segments }],
    };
  }
  const next = due(underTerms(row, plan, seats, now));
  const subject = subjectOf(row);
  const period = { start: row.current_period_start, end: row.current_period_end };
  const after = { planKey: plan.key, planVersion: plan.version, seats };
  const { lines, segments } = await prepareChange(ctx, db, { subject, period, at: now, after, prorate: proration !== "none" });
  const request: BillingRequest = {
    subject: subjectOf(next),
    reason: "change",
    period: { start: now, end: period.end },
    closes: null,
    advances: null,
    extra: lines,
  };
  return {
    ...nothing(next),
    requests: proration === "invoice_now" && lines.length > 0 ? [request] : [],
    pending: proration === "next_invoice" ? lines : [],
    // Periods that are not closed yet are closed as they were sold.
    segments: [
      ...periodsBehind(row).map((behind) => ({ periodStart: behind.start, parts: [asSold(row, behind)] })),
      { periodStart: period.start, parts: segments },
    ],
  };
}

// Nothing is paid yet, so nothing is given back. A trial goes on under the new plan, if the tenant has not had one of it.
async function beforePaid(db: Database, row: SubscriptionRow, { plan, seats }: TermsChange, now: number): Promise<PreparedTerms> {
  const changed = underTerms(row, plan, seats, row.cycle_start);
  const had = row.trial_end !== null && plan.key !== row.plan_key && (await hadTrial(db, row.tenant_id, plan.key));
  if (had && row.status === "trialing") {
    const next = due(fromNewCycle({ ...changed, status: "active", trial_end: now }, now));
    const period = { start: next.current_period_start, end: next.current_period_end };
    const request: BillingRequest = { subject: subjectOf(next), reason: "start", period, closes: null, advances: period };
    return { ...nothing(next), requests: [request], endsTrial: true };
  }
  // An arranged start without a trial has its first paid period as the current one.
  if (row.trial_end !== null) return nothing(due(changed));
  const first = cycleAt(changed, changed.cycle_start);
  return nothing(due({ ...changed, current_period_start: first.start, current_period_end: first.end }));
}

function nothing(next: SubscriptionRow): PreparedTerms {
  return { next, requests: [], pending: [], segments: [], endsTrial: false };
}

function due(row: SubscriptionRow): SubscriptionRow {
  return { ...row, due_at: dueAt(row) };
}

function asSold(row: SubscriptionRow, period: Period): Segment {
  const full = fullPeriodAt(row.anchor_at, { unit: row.interval_unit, count: row.interval_count }, row.time_zone, period.start);
  return wholeSegment(period, full, { planKey: row.plan_key, planVersion: row.plan_version, seats: row.seats });
}
