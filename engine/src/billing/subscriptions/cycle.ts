/** When things fall due for a subscription, and which periods it has. Pure: the state decides, nothing reads a clock. */
import type { Instant } from "../time/instant.ts";
import { parseInstant } from "../time/instant.ts";
import { type Period, servicePeriodAt } from "../time/period.ts";
import type { SubscriptionRow } from "./store.ts";

const DAY = 86_400_000;
/** How long before its end a trial is announced to end. */
export const TRIAL_WARNING = 3 * DAY;

type Cycle = Pick<SubscriptionRow, "cycle_start" | "anchor_at" | "interval_unit" | "interval_count" | "time_zone">;

/** The billing period that holds `at`, counted from the anchor; the first is cut where what is paid begins. */
export function cycleAt(row: Cycle, at: Instant): Period {
  const interval = { unit: row.interval_unit, count: row.interval_count };
  const { start, end } = servicePeriodAt(row.cycle_start, row.anchor_at, interval, row.time_zone, at);
  return { start, end };
}

/** When the subscription ends by what was asked for; null: it goes on. */
export function endsAt(row: Pick<SubscriptionRow, "cancel_at" | "auto_renew" | "current_period_end">): Instant | null {
  return row.cancel_at ?? (row.auto_renew ? null : row.current_period_end);
}

/** The instant at which the sweep has something to do for it next; null: never. */
export function dueAt(row: Omit<SubscriptionRow, "due_at">): Instant | null {
  switch (row.status) {
    case "incomplete":
      return row.started_at;
    case "trialing":
      return row.trial_warned || endsAt(row) !== null ? row.current_period_end : row.current_period_end - TRIAL_WARNING;
    case "active":
    case "past_due":
      return row.current_period_end;
    case "paused":
      return row.cancel_at ?? pauseOf(row)?.resumesAt ?? null;
    case "canceled":
    case "expired":
      return null;
  }
}

/** Periods before the current one that are not closed yet, in order: of a subscription that began in the past. */
export function periodsBehind(row: Cycle & Pick<SubscriptionRow, "closed_until" | "current_period_start">): Period[] {
  const periods: Period[] = [];
  for (let from = row.closed_until; from < row.current_period_start; from = periods.at(-1)!.end) periods.push(cycleAt(row, from));
  return periods;
}

/** The period that runs is its trial, also while it is paused in it: nothing of it is paid. */
export function isTrialPeriod(row: Pick<SubscriptionRow, "trial_end" | "current_period_start">): boolean {
  return row.trial_end !== null && row.current_period_start < row.trial_end;
}

export interface Pause {
  pausedAt: Instant;
  resumesAt: Instant | null;
}

export function pauseOf({ pause }: Pick<SubscriptionRow, "pause">): Pause | null {
  if (!pause) return null;
  const { paused_at: pausedAt, resumes_at: resumesAt } = pause;
  return { pausedAt: parseInstant(pausedAt)!, resumesAt: resumesAt === null ? null : parseInstant(resumesAt)! };
}
