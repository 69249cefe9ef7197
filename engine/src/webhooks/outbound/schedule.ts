/** When a delivery that failed is tried again: the schedule of Standard Webhooks, over three days, with a part by chance so that many do not come at once. Pure. */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** After the first attempt, after the second, … */
const WAITS = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR] as const;
export const MAX_ATTEMPTS = WAITS.length + 1;

/** Of the wait, up to which part is added by chance. */
const SPREAD = 0.2;
/** No receiver may ask for a longer pause. */
const LONGEST_WISH = 24 * HOUR;

/**
 * Milliseconds; null: it was the last one. `attempts`: how many were made, from 1 on. `chance`: from 0 up to 1. `wish`: how long the receiver asks
 * to be left alone (Retry-After).
 */
export function retryDelay(attempts: number, chance: number, wish: number | null = null): number | null {
  const wait = WAITS[attempts - 1];
  if (wait === undefined) return null;
  return Math.ceil(Math.max(wait, Math.min(wish ?? 0, LONGEST_WISH)) * (1 + SPREAD * chance));
}

/** The header: seconds, or a date. null: none that makes sense. */
export function retryAfter(header: string | undefined, now: number): number | null {
  const text = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * SECOND;
  const at = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
