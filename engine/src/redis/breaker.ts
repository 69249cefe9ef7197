/**
 * The circuit breaker: after some failures in a row nothing is asked for a while, so that a part that is away costs nobody a time-out; then one
 * may try, and what becomes of it decides.
 */

export type Circuit = "closed" | "open" | "half-open";

export interface Breaker {
  state(): Circuit;
  /** Whether one may ask now. Who may says what became of it. */
  enter(): boolean;
  succeeded(): void;
  failed(): void;
  /** It is known to be away. */
  trip(): void;
}

export interface BreakerSettings {
  /** So many in a row open it. */
  failures: number;
  /** How long it stays open at first; twice as long after each try that failed, up to `lastMs`. */
  firstMs: number;
  lastMs: number;
}

/** `time`: a stopwatch, in milliseconds. */
export function createBreaker(settings: BreakerSettings, time: () => number, onChange: (now: Circuit) => void): Breaker {
  let state: Circuit = "closed";
  let failures = 0;
  let wait = settings.firstMs;
  let until = 0;

  function move(to: Circuit): void {
    if (state === to) return;
    state = to;
    onChange(to);
  }

  function open(): void {
    until = time() + wait;
    wait = Math.min(wait * 2, settings.lastMs);
    failures = 0;
    move("open");
  }

  return {
    state: () => state,
    enter: () => {
      if (state === "closed") return true;
      if (state === "half-open" || time() < until) return false;
      move("half-open");
      return true;
    },
    succeeded: () => {
      // A late answer to what was asked before it opened says nothing of now.
      if (state === "open") return;
      failures = 0;
      wait = settings.firstMs;
      move("closed");
    },
    failed: () => {
      if (state === "half-open") open();
      else if (state === "closed" && ++failures >= settings.failures) open();
    },
    trip: () => {
      if (state !== "open") open();
    },
  };
}
