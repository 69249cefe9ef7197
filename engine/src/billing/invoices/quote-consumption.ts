/** What a usage price of a quote bills on one line, whether it was given as a quantity or metered from events. */
import type { Fault } from "../../errors.ts";
import type { Meter } from "../catalog/meter.ts";
import { type Decimal, decimal, QUANTITY_SCALE, ZERO } from "../money/decimal.ts";
import { roundQuantity } from "../usage/rounding.ts";
import type { QuoteBody } from "./quote-schema.ts";

/** One event of a price that is billed as it comes. */
export interface Step {
  /** Null where only the order is known. */
  readonly atUs: number | null;
  /** The meter's value with it. */
  readonly quantity: Decimal;
  /** What it carried itself. */
  readonly value: Decimal;
}

export interface Consumption {
  readonly quantity: Decimal;
  /** The value of each event, in order; null: it was given as one. */
  readonly events: readonly Decimal[] | null;
  readonly eventCount: number;
  readonly groupKey: string | null;
  readonly group: Readonly<Record<string, string | null>>;
  steps(): Step[];
}

export type Given = NonNullable<QuoteBody["quantities"]>[string];

/** The quantity under a key of `quantities`. A meter's rounding applies, as it would to what is metered. */
export function givenConsumption(given: Given, meter: Meter | undefined, path: string, faults: Fault[]): Consumption {
  const listed = Array.isArray(given);
  const values = (listed ? given : [given]).map((value, index) => exact(value, listed ? `${path}[${index}]` : path, faults));
  const rounded = (value: Decimal): Decimal => roundQuantity(value, meter?.rounding ?? null);
  const sum = values.reduce((total, value) => total.plus(value), ZERO);
  const used = listed || !sum.eq(ZERO) ? values : [];
  return {
    quantity: rounded(sum),
    events: listed ? values : null,
    eventCount: used.length,
    groupKey: null,
    group: {},
    steps() {
      let running = ZERO;
      return used.map((value) => {
        running = running.plus(value);
        return { atUs: null, quantity: rounded(running), value };
      });
    },
  };
}

export const NOTHING_USED: Consumption = { quantity: ZERO, events: null, eventCount: 0, groupKey: null, group: {}, steps: () => [] };

/** A number of seats that was given by the price's own key. Lines keep it as a number, so that it must be one. */
export function seatsOf(given: Given, path: string, faults: Fault[]): number {
  if (Array.isArray(given)) {
    faults.push({ path, message: "must be one number: seats have no events" });
    return 0;
  }
  const value = exact(given, path, faults);
  const seats = Number(value.toFixed());
  if (!decimal(seats).eq(value)) faults.push({ path, message: "has too many digits for a number of seats" });
  return seats;
}

function exact(value: number | string, path: string, faults: Fault[]): Decimal {
  const number = decimal(value);
  if (!number.eq(number.round(QUANTITY_SCALE, 0))) faults.push({ path, message: `has more than ${QUANTITY_SCALE} decimal places` });
  return number;
}
