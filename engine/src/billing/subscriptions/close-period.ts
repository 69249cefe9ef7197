/** A period is over: what it bills, and what comes after it. */
import type { Plan } from "../catalog/plan.ts";
import type { BillingRequest } from "../invoices/prepare.ts";
import { behindRequests } from "./cut-period.ts";
import { cycleAt, dueAt, endsAt } from "./cycle.ts";
import type { Step } from "./renewal.ts";
import type { SubscriptionRow } from "./store.ts";
import { subjectOf } from "./subject.ts";
import { assertMove } from "./subscription.ts";
import { underTerms } from "./terms.ts";

/** `byHand`: the period has its invoice already. `terms`: what changes now that it is over. */
export function closePeriod(row: SubscriptionRow, terms: { plan: Plan; seats: number } | null, byHand: boolean): Step {
  const subject = subjectOf(row);
  const about = { before: row, starts: false };
  const requests = behindRequests(row);
  const period = { start: row.current_period_start, end: row.current_period_end };
  const ends = endsAt(row);
  if (ends !== null && ends <= period.end) {
    const status = row.cancel_at === null ? "expired" : "canceled";
    assertMove(row.status, status);
    requests.push({ subject, reason: "period", period, closes: period, advances: null });
    return {
      ...about,
      requests,
      next: { ...row, status, closed_until: period.end, ended_at: period.end, scheduled_change: null, due_at: null },
      changes: row.scheduled_change !== null,
      event:
        status === "canceled"
          ? { type: "subscription.canceled", summary: "The subscription was canceled at the end of its period." }
          : { type: "subscription.expired", summary: "The subscription ended: it was not to be renewed." },
    };
  }
  const changed = terms ? underTerms(row, terms.plan, terms.seats, period.end) : row;
  const ahead = cycleAt(changed, period.end);
  const request: BillingRequest = byHand
    ? { subject, reason: "advance", period: ahead, closes: period, advances: ahead }
    : { subject, reason: "period", period, closes: period, advances: ahead };
  requests.push(terms ? { ...request, ahead: subjectOf(changed) } : request);
  const next = { ...changed, current_period_start: ahead.start, current_period_end: ahead.end, closed_until: period.end };
  return {
    ...about,
    requests,
    next: { ...next, due_at: dueAt(next) },
    changes: terms !== null,
    event: { type: "subscription.renewed", summary: "A period was closed and the next one began." },
  };
}
