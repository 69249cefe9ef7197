/**
 * The percentage model: `rate` per cent of the money moved and `fixed_amount` per event, after a free allowance of money
 * (`included`) and of events (`free_events`) that ends when either is used up. The event that uses up the money is the
 * first to pay its fixed amount. With a bound per event, each event is priced and clamped by itself.
 * Quantities and results are over the price's `denominator`.
 */
import { type Decimal, decimal, ZERO } from "../money/decimal.ts";
import { convert } from "./convert.ts";
import type { Price } from "./price.ts";

/** The events of a period as a percentage price reads them. */
export interface Events {
  /** Raw values, in order. */
  readonly values: readonly Decimal[];
  /** How many there are in all; `values` may stop once the free allowance is used up. */
  readonly count: number;
}

export interface PercentageCost {
  readonly num: Decimal;
  /** Money that is charged for, over the denominator. */
  readonly billable: Decimal;
}

/** What of a period's events a price must see: nothing, their number, the values that use up the free allowance, or all values. */
export function eventsNeeded(price: Price): "none" | "count" | "allowance" | "all" {
  if (price.model !== "percentage") return "none";
  if (price.minAmount || price.maxAmount) return "all";
  if (price.freeEvents) return "allowance";
  if (!price.fixedAmount || price.fixedAmount.eq(ZERO)) return "none";
  return price.included.gt(ZERO) ? "allowance" : "count";
}

/** `quantity` is the sum of all events, converted, not negative. */
export function percentage(price: Price, quantity: Decimal, events: Events): PercentageCost {
  const values = events.values.map((value) => convert(price, value));
  const free = allowance(price, values);
  const rest = quantity.minus(free.money);
  const billable = rest.gt(ZERO) ? rest : ZERO;
  if (price.minAmount || price.maxAmount) return { num: clamped(price, values, free), billable };
  const share = billable.times(price.fraction ?? ZERO);
  const charged = quantity.eq(ZERO) ? 0 : Math.max(0, events.count - free.events);
  if (charged === 0 || !price.fixedAmount) return { num: share, billable };
  return { num: share.plus(price.fixedAmount.times(decimal(charged)).times(price.denominator)), billable };
}

interface Allowance {
  readonly money: Decimal;
  /** Events that are free altogether. */
  readonly events: number;
  /** Free money of the event after them. */
  readonly partial: Decimal;
}

function allowance(price: Price, values: readonly Decimal[]): Allowance {
  const maxEvents = price.freeEvents ?? 0;
  const maxMoney = price.includedScaled;
  const byMoney = maxMoney.gt(ZERO);
  let money = ZERO;
  let events = 0;
  if (maxEvents === 0 && !byMoney) return { money, events, partial: ZERO };
  for (const value of values) {
    if (maxEvents > 0 && events === maxEvents) break;
    const next = money.plus(value);
    if (byMoney && next.gte(maxMoney)) return { money: maxMoney, events, partial: maxMoney.minus(money) };
    money = next;
    events += 1;
  }
  return { money, events, partial: ZERO };
}

function clamped(price: Price, values: readonly Decimal[], free: Allowance): Decimal {
  const scaled = (bound: Decimal | undefined): Decimal | undefined => bound?.times(price.denominator);
  const fixed = scaled(price.fixedAmount) ?? ZERO;
  const low = scaled(price.minAmount);
  const high = scaled(price.maxAmount);
  let sum = ZERO;
  for (let i = free.events; i < values.length; i += 1) {
    const value = i === free.events ? values[i]!.minus(free.partial) : values[i]!;
    let cost = value.times(price.fraction ?? ZERO).plus(fixed);
    if (low && cost.lt(low)) cost = low;
    if (high && cost.gt(high)) cost = high;
    sum = sum.plus(cost);
  }
  return sum.gt(ZERO) ? sum : ZERO;
}
