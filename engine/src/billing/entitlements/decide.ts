/**
 * May they? The one decision behind a check, a consumption, `exceeded` and the events of limits (domain §4.6), so that they
 * never disagree: what is used and what would be used, held against each limit.
 */
import { isLevel, type Meter } from "../catalog/meter.ts";
import { type Decimal, decimal, ONE, ZERO } from "../money/decimal.ts";
import { FAR_FUTURE, formatInstant } from "../time/instant.ts";
import type { Period } from "../time/period.ts";
import type { Window } from "../time/window.ts";
import type { Grant, Limit, Reason } from "./grant.ts";

export interface Counted {
  limit: Limit;
  /** The window that runs. */
  period: Period;
  used: Decimal;
}

/** A limit as the API shows it. */
export interface LimitState {
  /** null: unlimited. */
  limit: Decimal | null;
  used: Decimal | null;
  remaining: Decimal | null;
  window: Window | null;
  resets_at: string | null;
  enforcement: "hard" | "soft" | null;
}

/** Of a metered feature, the limit that is the tightest; all of them in `limits`. */
export interface Check extends LimitState {
  feature: string;
  type: "boolean" | "metered" | "config";
  has_access: boolean;
  reason: Reason;
  value: unknown;
  limits: LimitState[];
}

const NO_LIMIT: LimitState = { limit: null, used: null, remaining: null, window: null, resets_at: null, enforcement: null };
// What is not given must not read as unlimited.
const NOTHING: LimitState = { ...NO_LIMIT, limit: ZERO, remaining: ZERO };

/** `quantity`: how much more is asked for; null: whether there is any left (one more, of what is used up). */
export function decide(grant: Grant, counted: readonly Counted[], quantity: Decimal | null): Check {
  const { feature, meter, denied, value } = grant;
  const base = { feature: feature.key, type: feature.type, value };
  if (denied !== null || meter === null) {
    const state = feature.type === "metered" ? NOTHING : NO_LIMIT;
    return { ...base, has_access: denied === null, reason: denied ?? "granted", ...state, limits: [] };
  }
  const tight = tightest(counted, (one) => !fits(one, meter, quantity));
  const over = counted.filter((one) => !fits(one, meter, quantity));
  return {
    ...base,
    has_access: !over.some(({ limit }) => limit.enforcement === "hard"),
    reason: over.length > 0 ? "limit_reached" : "granted",
    ...stateOf(tight),
    limits: counted.map(stateOf),
  };
}

/** Each event adds what it says, and nothing else can come of it. */
export function isAdditive({ aggregation, rounding }: Meter): boolean {
  return (aggregation === "count" || aggregation === "sum") && rounding === null;
}

/** What the meter would say after `quantity` more; null where only the event itself can tell. */
export function usedAfter(meter: Meter, used: Decimal, quantity: Decimal): Decimal | null {
  switch (meter.aggregation) {
    case "count":
    case "sum":
    case "unique_count":
      return used.plus(quantity);
    case "max":
      return quantity.gt(used) ? quantity : used;
    case "latest":
      return quantity;
    default:
      return null;
  }
}

function fits({ limit, used }: Counted, meter: Meter, quantity: Decimal | null): boolean {
  if (limit.amount === null) return true;
  if (quantity === null && isLevel(meter)) return used.lt(limit.amount);
  const after = usedAfter(meter, used, quantity ?? ONE);
  return after === null ? used.lt(limit.amount) : within(limit.amount, used, after);
}

/** Whether it may go from `before` to `after`: up to the limit, and down from wherever it is. */
export function within(limit: Decimal, before: Decimal, after: Decimal): boolean {
  return after.lte(limit) || after.lt(before);
}

/** The limit that answers for all: of those that refuse, the one that lasts longest; else the one with the least left. */
export function tightest<T extends Counted>(counted: readonly T[], refuses: (one: T) => boolean): T {
  const rank = (one: T): number => (refuses(one) ? (one.limit.enforcement === "hard" ? 0 : 1) : 2);
  return counted.reduce((best, one) => {
    const [a, b] = [rank(best), rank(one)];
    if (a !== b) return b < a ? one : best;
    if (a < 2) return one.period.end > best.period.end ? one : best;
    const [left, right] = [remaining(best), remaining(one)];
    if (right === null) return best;
    return left === null || right.lt(left) ? one : best;
  });
}

/** Nothing is left. */
export function isUsedUp({ limit, used }: Pick<Counted, "limit" | "used">): boolean {
  return limit.amount !== null && used.gte(limit.amount);
}

export function stateOf({ limit, period, used }: Counted): LimitState {
  return {
    limit: limit.amount,
    used,
    remaining: remaining({ limit, used }),
    window: limit.window,
    resets_at: period.end === FAR_FUTURE ? null : formatInstant(period.end),
    enforcement: limit.amount === null ? null : limit.enforcement,
  };
}

function remaining({ limit, used }: Pick<Counted, "limit" | "used">): Decimal | null {
  if (limit.amount === null) return null;
  const left = limit.amount.minus(used);
  return left.lt(ZERO) ? ZERO : left;
}

const HUNDRED = decimal(100);

export type Threshold = "approaching" | "reached";

/** The thresholds of a limit that `used` has come to. Of a limit of zero, none before anything is used. */
export function thresholdsAt(limit: Decimal, used: Decimal, warningPercent: Decimal): Threshold[] {
  if (used.lte(ZERO)) return [];
  const passed: Threshold[] = [];
  if (limit.gt(ZERO) && used.times(HUNDRED).gte(limit.times(warningPercent))) passed.push("approaching");
  if (used.gte(limit)) passed.push("reached");
  return passed;
}
