/**
 * The only reader of the real time. Every tenant has a clock: the system's, or the test clock that it was put on;
 * `commit` fixes one `now` per write, so nothing below it reads a clock at all.
 */
import type { Instant } from "./billing/time/instant.ts";

export interface Clock {
  /** Epoch milliseconds. */
  now(): Instant;
}

export const systemClock: Clock = { now: () => Date.now() };

/** A clock that stands where it is put: for tests and simulations. */
export function fixedClock(at: Instant): Clock & { set(at: Instant): void } {
  let now = at;
  return {
    now: () => now,
    set: (next) => {
      now = next;
    },
  };
}

/** A stopwatch for metrics and progress, unrelated to business time. Milliseconds. */
export function stopwatch(): () => number {
  const start = performance.now();
  return () => performance.now() - start;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
