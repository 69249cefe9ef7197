/**
 * Monthly recurring revenue: what the terms of a subscription come to in an ordinary month. Flat prices and seats, before discounts and
 * taxes, without usage; of those that pay (active, past due): a trial pays nothing yet, a pause nothing for now. Rounded once for each
 * subscription, as a line is, so that every sum and every movement of it is whole. The one definition, of the desk and of the simulated year.
 */
import type { Plan } from "../billing/catalog/plan.ts";
import { rate } from "../billing/catalog/rate.ts";
import { NOTHING, plus, roundMinor, scale } from "../billing/money/amount.ts";
import { decimal } from "../billing/money/decimal.ts";
import type { Interval } from "../billing/time/period.ts";

/** Periods in a year, so that a week and a year come to a month by the same rule. */
const IN_A_YEAR: Readonly<Record<Interval["unit"], bigint>> = { day: 365n, week: 52n, month: 12n, year: 1n };

/** Minor units of the currency. */
export function monthlyOf(plan: Pick<Plan, "interval" | "pricesIn">, currency: string, seats: number): bigint {
  const period = plan
    .pricesIn(currency)
    .filter((price) => price.type !== "usage")
    .map((price) => rate(price, { quantity: decimal(price.type === "seat" ? seats : 1) }).amount)
    .reduce(plus, NOTHING);
  return roundMinor(scale(period, IN_A_YEAR[plan.interval.unit], decimal(12 * plan.interval.count)));
}

/** What different terms come to, as columns for a statement. */
export interface Worths {
  plans: string[];
  versions: number[];
  currencies: string[];
  seats: number[];
  monthly: string[];
}
