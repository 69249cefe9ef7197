/** When a request is sent again, and after how long. */
import { type BillwrightError, isOutage } from "./error.ts";

const BASE_MS = 250;
const CAP_MS = 8_000;
/** Longer than this nobody waits inside a call: the caller is told, with `retryAfter`. */
export const PATIENCE_MS = 30_000;

/**
 * Only what was not decided: no answer, an overloaded or restarting engine, or the first attempt still at work on the same key.
 * All of it is safe: a read changes nothing, and a write carries the key of its first attempt.
 */
export function isWorthAnother(error: BillwrightError): boolean {
  return isOutage(error) || error.code === "idempotency_in_progress";
}

/** Milliseconds before attempt `attempt + 1`: exponential with full jitter, never less than what the engine asks for. */
export function waitBefore(attempt: number, retryAfter: number | null, random: () => number = Math.random): number {
  const jittered = random() * Math.min(CAP_MS, BASE_MS * 2 ** attempt);
  return Math.max(retryAfter ?? 0, jittered);
}

/** Milliseconds of a Retry-After header: seconds or a date. */
export function retryAfterOf(header: string | null, now: number): number | null {
  if (header === null || header.trim() === "") return null;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

/** Rejects with the signal's reason. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
