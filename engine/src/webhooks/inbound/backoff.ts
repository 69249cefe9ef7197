/** When a failed dispatch is tried again (domain §9.3): 30 s × 2^n up to 10 min, less a part by chance, so that many do not come at once. */
export const MAX_ATTEMPTS = 12;
/** Until then one worker has a row; a crash frees it by time. */
export const LEASE_MS = 120_000;

const FIRST_MS = 30_000;
const LONGEST_MS = 600_000;
const SPREAD = 0.2;

/** `attempts`: how many were made, from 1 on. `chance`: from 0 up to 1. Milliseconds. */
export function retryDelay(attempts: number, chance: number): number {
  const whole = Math.min(FIRST_MS * 2 ** Math.min(attempts - 1, 20), LONGEST_MS);
  return Math.ceil(whole * (1 - SPREAD * chance));
}
