/** What happens before the first period that is paid for: an arranged start arrives, a trial is announced to end, and ends. */
import type { Plan } from "../catalog/plan.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import { cycleAt, dueAt, endsAt } from "./cycle.ts";
import type { Step } from "./renewal.ts";
import type { SubscriptionRow } from "./store.ts";
import { assertMove } from "./subscription.ts";
import { underTerms } from "./terms.ts";

export function beginStep(row: SubscriptionRow, terms: { plan: Plan; seats: number } | null, now: Instant): Step {
  const about = { before: row, requests: [], starts: true, changes: false };
  if (row.trial_end !== null && row.trial_end > now) return { ...about, ...trialStep(row, row.trial_end) };
  const ends = row.status === "trialing" ? endsAt(row) : null;
  if (ends !== null) return { ...about, changes: true, ...endedStep(row, ends) };
  assertMove(row.status, "active");
  const from = row.trial_end ?? row.started_at;
  const changed = terms ? underTerms(row, terms.plan, terms.seats, from) : row;
  const period = cycleAt(changed, from);
  const live: SubscriptionRow = {
    ...changed,
    status: "active",
    current_period_start: period.start,
    current_period_end: period.end,
    closed_until: from,
  };
  return {
    ...about,
    next: { ...live, due_at: dueAt(live) },
    changes: terms !== null,
    event:
      row.status === "incomplete"
        ? { type: "subscription.updated", summary: "The subscription became active." }
        : { type: "subscription.trial_ended", summary: "The trial ended and the subscription became active." },
  };
}

function trialStep(row: SubscriptionRow, trialEnd: Instant): Pick<Step, "next" | "event"> {
  if (row.status === "incomplete") {
    assertMove(row.status, "trialing");
    const trialing: SubscriptionRow = { ...row, status: "trialing" };
    return {
      next: { ...trialing, due_at: dueAt(trialing) },
      event: { type: "subscription.updated", summary: "The trial began." },
    };
  }
  const warned = { ...row, trial_warned: true };
  return {
    next: { ...warned, due_at: dueAt(warned) },
    event: { type: "subscription.trial_ending", summary: `The trial ends at ${formatInstant(trialEnd)}.` },
  };
}

// Whoever canceled in the trial, or was not to be renewed, never pays.
function endedStep(row: SubscriptionRow, endedAt: Instant): Pick<Step, "next" | "event"> {
  const status = row.cancel_at === null ? "expired" : "canceled";
  assertMove(row.status, status);
  return {
    next: { ...row, status, ended_at: endedAt, scheduled_change: null, due_at: null },
    event:
      status === "canceled"
        ? { type: "subscription.canceled", summary: "The subscription was canceled at the end of its trial." }
        : { type: "subscription.expired", summary: "The subscription ended with its trial: it was not to be renewed." },
  };
}
