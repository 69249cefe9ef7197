/**
 * Monthly recurring revenue: what the terms of a subscription come to in an ordinary month. Flat prices and seats, before
 * discounts and taxes, without usage; only of those that pay (active, past due): a trial pays nothing yet, a pause nothing for now.
 */
import type { Plan } from "../../billing/catalog/plan.ts";
import { rate } from "../../billing/catalog/rate.ts";
import { type Amount, amount, NOTHING, plus, scale } from "../../billing/money/amount.ts";
import { minorDigits } from "../../billing/money/currency.ts";
import { decimal } from "../../billing/money/decimal.ts";
import type { Interval } from "../../billing/time/period.ts";

/** Periods in a year, so that a week and a year come to a month by the same rule. */
const IN_A_YEAR: Readonly<Record<Interval["unit"], bigint>> = { day: 365n, week: 52n, month: 12n, year: 1n };

/** Exact, in minor units of the currency. */
export function monthlyOf(plan: Pick<Plan, "interval" | "pricesIn">, currency: string, seats: number): Amount {
  const period = plan
    .pricesIn(currency)
    .filter((price) => price.type !== "usage")
    .map((price) => rate(price, { quantity: decimal(price.type === "seat" ? seats : 1) }).amount)
    .reduce(plus, NOTHING);
  return scale(period, IN_A_YEAR[plan.interval.unit], decimal(12 * plan.interval.count));
}

/** What a unit of each currency is worth in dollars in the simulated year, fixed: for sums over all of them, and for nothing else. */
const DOLLARS: Readonly<Record<string, string>> = { usd: "1", eur: "1.08", gbp: "1.26", inr: "0.012", jpy: "0.0067" };

/** In cents, exact. */
export function inCents(minor: Amount, currency: string): Amount {
  const worth = DOLLARS[currency];
  if (worth === undefined) throw new RangeError(`the simulated year knows no rate of ${currency}`);
  return scale(minor, decimal(worth).times(decimal(100)), amount(10n ** BigInt(minorDigits(currency))).num);
}

/** One subscriber at the end of a month. `monthly`: cents; nothing while it is paused. */
export interface Subscriber {
  tenantId: string;
  monthly: Amount;
  paying: boolean;
}

export interface Movement {
  mrr: Amount;
  /** First terms that pay, and those who came back. */
  fresh: Amount;
  expansion: Amount;
  /** Less than before, down to nothing in a pause. */
  contraction: Amount;
  churn: Amount;
  subscribers: number;
  churned: number;
}

/** From one month's end to the next: mrr = before + fresh + expansion − contraction − churn. */
export function movementOf(before: readonly Subscriber[], after: readonly Subscriber[]): Movement {
  const old = new Map(before.map((one) => [one.tenantId, one]));
  const movement: Movement = {
    mrr: after.map((one) => one.monthly).reduce(plus, NOTHING),
    fresh: NOTHING,
    expansion: NOTHING,
    contraction: NOTHING,
    churn: NOTHING,
    subscribers: after.filter((one) => one.paying).length,
    churned: 0,
  };
  for (const one of after) {
    const was = old.get(one.tenantId);
    old.delete(one.tenantId);
    const change = plus(one.monthly, scale(was?.monthly ?? NOTHING, -1n));
    if (was === undefined) movement.fresh = plus(movement.fresh, change);
    else if (change.num.gt(decimal(0))) movement.expansion = plus(movement.expansion, change);
    else movement.contraction = plus(movement.contraction, scale(change, -1n));
  }
  for (const gone of old.values()) {
    movement.churn = plus(movement.churn, gone.monthly);
    movement.churned += 1;
  }
  return movement;
}
