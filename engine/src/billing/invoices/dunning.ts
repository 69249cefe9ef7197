/** When a payment that failed is tried again (domain §5.8): so many days after the first failure, as configured. */
import type { Instant } from "../time/instant.ts";

const DAY = 86_400_000;

/**
 * The first day of the schedule that lies ahead, or null where none is left. `retries`: how many were begun. A day that passed
 * while an outcome was awaited is passed over, so that two attempts never follow upon each other at once.
 */
export function nextAttempt(
  schedule: readonly number[],
  failedAt: Instant,
  retries: number,
  now: Instant,
): { at: Instant; retries: number } | null {
  for (let index = retries; index < schedule.length; index++) {
    const at = failedAt + schedule[index]! * DAY;
    if (at > now) return { at, retries: index };
  }
  return null;
}
