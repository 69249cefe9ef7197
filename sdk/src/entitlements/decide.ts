/** What a check that was answered before says now: about another quantity, or after a window has ended. Pure. */
import type { Schemas } from "../types.ts";
import { type Quantity, units } from "./quantity.ts";

export type Check = Schemas["Check"];
export type Limit = Check["limits"][number];

/** The time since an answer was learned. A window that had ended by our clock even then runs by another clock, and says nothing. */
export interface Since {
  learnedAt: number;
  now: number;
}

/**
 * Whether `quantity` more is allowed by what is known; null where only the engine can tell. The engine's own decision is repeated where
 * it says yes to less; a no to more than there is left may still be a yes, of a meter that does not add up.
 */
export function allows(check: Check, quantity: Quantity | undefined, time: Since): boolean | null {
  if (check.type !== "metered" || check.limits.length === 0) return check.has_access;
  if (!isOver(check, time) && quantity === undefined) return check.has_access;
  return check.limits.every((limit) => limit.enforcement !== "hard" || fits(limit, quantity ?? 1, time)) ? true : null;
}

/** Without the engine, all that can be held against is what it last said, and what was let through since. */
export function allowsAlone(check: Check, quantity: Quantity, letThrough: bigint, time: Since): boolean {
  if (check.type !== "metered" || check.limits.length === 0) return check.has_access;
  return check.limits.every((limit) => limit.enforcement !== "hard" || fits(limit, quantity, time, letThrough));
}

/** A window that it counts in has ended. */
export function isOver({ limits }: Check, time: Since): boolean {
  return limits.some((limit) => hasEnded(limit, time));
}

function fits(limit: Limit, quantity: Quantity, time: Since, letThrough = 0n): boolean {
  if (limit.limit === null) return true;
  const used = hasEnded(limit, time) || limit.used === null ? 0n : units(limit.used);
  return used + letThrough + units(quantity) <= units(limit.limit);
}

function hasEnded({ resets_at }: Limit, { learnedAt, now }: Since): boolean {
  const end = resets_at === null ? Number.NaN : Date.parse(resets_at);
  return end > learnedAt && end <= now;
}
