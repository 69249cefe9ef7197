/**
 * Usage billed as it comes (`timing: "in_advance"` on a usage price): the fee of an event is what all events so far cost
 * less what those before it did. Only a new high of the period costs: what a removal or a negative value takes back
 * was paid for, and is not paid for again when it returns.
 */
import { type Decimal, ZERO } from "../money/decimal.ts";
import type { Price } from "./price.ts";
import { delta, type Rated, rate } from "./rate.ts";

/** What a period has come to so far. Before its first event nothing is due, not even the flat amount of a first tier. */
export interface Advance {
  /** The highest value of the meter yet, raw. */
  readonly quantity: Decimal;
  /** The values of the events, in order; kept for percentage prices only. */
  readonly values: readonly Decimal[];
  /** Minor units. */
  readonly billed: bigint;
}

export const NO_ADVANCE: Advance = { quantity: ZERO, values: [], billed: 0n };

export interface EventFee {
  /** Minor units. */
  readonly fee: bigint;
  /** All events so far, rated from zero: what explains the fee. */
  readonly rated: Rated;
  readonly next: Advance;
}

/**
 * The fee of one event. `quantity` is the meter's value with it, `value` what it carried itself. A line minimum is no
 * matter of one event: it is trued up at the period's end.
 */
export function eventFee(price: Price, soFar: Advance, quantity: Decimal, value: Decimal): EventFee {
  const high = quantity.gt(soFar.quantity) ? quantity : soFar.quantity;
  const byEvent = price.model === "percentage";
  const values = byEvent ? [...soFar.values, value] : soFar.values;
  const rated = rate(price, byEvent ? { quantity: high, events: values, final: false } : { quantity: high, final: false });
  const fee = delta(rated, soFar.billed);
  return { fee, rated, next: { quantity: high, values, billed: soFar.billed + fee } };
}
