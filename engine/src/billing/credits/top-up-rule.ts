/** A top-up by the calendar: when it falls due, and what is missing then. Pure. */
import { type Decimal, ZERO } from "../money/decimal.ts";
import type { Instant } from "../time/instant.ts";
import type { Interval } from "../time/period.ts";
import { nextOccurrence } from "../time/recurrence.ts";
import { creditsToBuy } from "./top-up.ts";

export const RULE_SOURCES = ["purchase", "promotion", "adjustment"] as const;
export type RuleSource = (typeof RULE_SOURCES)[number];

export const OCCURRENCE_STATUSES = ["purchased", "granted", "skipped", "failed"] as const;
export type OccurrenceStatus = (typeof OCCURRENCE_STATUSES)[number];

/** Why nothing came of an occurrence: `late`, where what it would have granted has expired already. */
export type SkipReason = "paused" | "target_reached" | "monthly_limit" | "late" | "payment_failed" | "product_not_on_sale";

/** Occurrence k is startsAt + k × interval, for k from 0, in the tenant's zone; from endsAt on there are none. */
export interface Schedule {
  startsAt: Instant;
  endsAt: Instant | null;
  interval: Interval;
  timeZone: string;
}

/** The first occurrence at `at` or after it; null: there is none any more. */
export function occurrenceFrom(schedule: Schedule, at: Instant): Instant | null {
  const { startsAt, endsAt, interval, timeZone } = schedule;
  const next = at <= startsAt ? startsAt : nextOccurrence({ anchor: startsAt, interval, timeZone }, at, "inclusive");
  return endsAt !== null && next >= endsAt ? null : next;
}

/** The first one after `at`. */
export function occurrenceAfter(schedule: Schedule, at: Instant): Instant | null {
  return occurrenceFrom(schedule, at + 1);
}

/** The credits that an occurrence brings at this balance: so many, or what is missing of the target; 0: none. */
export function creditsOf(rule: { much: Decimal | null; target: Decimal | null }, balance: Decimal): Decimal {
  return creditsToBuy(
    {
      method: rule.target === null ? "fixed" : "target",
      trigger: "interval",
      threshold: ZERO,
      target: rule.target ?? ZERO,
      paid: rule.much ?? ZERO,
      given: ZERO,
      least: null,
      most: null,
    },
    balance,
  );
}
