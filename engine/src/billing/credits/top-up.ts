/** Automatic top-up: how much is bought, when it is tried again, when it is given up. Pure. */
import { type Decimal, decimal, quotient, ZERO } from "../money/decimal.ts";
import type { Instant } from "../time/instant.ts";

export interface TopUpRule {
  /** `fixed`: so much each time, as often as it takes to get above the threshold. `target`: what is missing to the target. */
  method: "fixed" | "target";
  /** What sets it off. */
  trigger: "threshold" | "interval";
  threshold: Decimal;
  target: Decimal;
  /** Of `fixed`: credits that one purchase pays for, and those given beside them. */
  paid: Decimal;
  given: Decimal;
  /** Credits that a purchase pays for at least and at most; null: no bound. */
  least: Decimal | null;
  most: Decimal | null;
}

/** The credits to buy at this balance; 0: none. */
export function creditsToBuy(rule: TopUpRule, balance: Decimal): Decimal {
  if (rule.method === "target") {
    if (balance.gte(rule.target)) return ZERO;
    const gap = rule.target.minus(balance);
    return rule.least?.gt(gap) ? rule.least : gap;
  }
  if (rule.trigger === "interval" || rule.paid.eq(ZERO)) return rule.paid;
  const gap = rule.threshold.minus(balance).minus(rule.given);
  if (gap.lt(rule.paid)) return rule.paid;
  const wanted = rule.paid.times(quotient(gap, rule.paid, 0, "down").plus(decimal("1")));
  return rule.most !== null && wanted.gt(rule.most) ? rule.most : wanted;
}

/** Whole packs that hold so many credits. */
export function packsFor(credits: Decimal, perPack: Decimal): number {
  return Number(quotient(credits, perPack, 0, "up").toFixed());
}

const HOUR = 3_600_000;
const PAUSES = [1, 6, 24];
/** So many failures in a row switch it off. */
export const MAX_FAILURES = PAUSES.length + 1;

/** When it is tried again after its n-th failure in a row; null: never, it is switched off. */
export function retryAt(failures: number, now: Instant): Instant | null {
  return failures >= MAX_FAILURES ? null : now + PAUSES[failures - 1]! * HOUR;
}

export interface MonthLimit {
  count: number | null;
  amountMinor: bigint | null;
}

/** Whether a purchase over `amountMinor` stays within the month's limit, after those that were made in it. */
export function withinLimit(limit: MonthLimit, done: { count: number; amountMinor: bigint }, amountMinor: bigint): boolean {
  if (limit.count !== null && done.count >= limit.count) return false;
  return limit.amountMinor === null || done.amountMinor + amountMinor <= limit.amountMinor;
}
