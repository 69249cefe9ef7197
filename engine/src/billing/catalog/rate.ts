/**
 * Rating: what a quantity costs at a price, exactly. Always from zero: what is already billed is subtracted by `delta`,
 * so tier crossings, late events and re-runs never bill twice (domain §3).
 */
import { type Amount, amount, compare, roundMinor, scale } from "../money/amount.ts";
import { type Decimal, decimal, ONE, quotient, ZERO } from "../money/decimal.ts";
import { convert, units } from "./convert.ts";
import { percentage } from "./percentage.ts";
import type { Price } from "./price.ts";
import { graduated, type TierUse, volume } from "./tiers.ts";

/** An exact part of a period: `num / den`, e.g. service seconds over full-period seconds. */
export interface Share {
  readonly num: bigint;
  readonly den: bigint;
}

export interface RateInput {
  /** The whole quantity of the period, raw: units of the meter, or seats. May be negative, then 0 is billed. */
  readonly quantity: Decimal;
  /** Picks the tier of a volume price where `quantity` itself is prorated. */
  readonly fullQuantity?: Decimal;
  /** Of a percentage price, as `eventsNeeded` says: the value of each event, in order. Absent: `quantity` is one event. */
  readonly events?: readonly Decimal[];
  /** Of a percentage price: the number of all events, where `events` is absent or stops early. */
  readonly eventCount?: number;
  /** Prorates minimum_amount and maximum_amount. */
  readonly share?: Share;
  /** False while the period still runs: no minimum yet. Default true. */
  readonly final?: boolean;
}

export interface Rated {
  /** Exact; the line rounds it once, with `roundMinor`. */
  readonly amount: Amount;
  /** Raw, as given. */
  readonly quantity: Decimal;
  /** After conversion and included units, never below zero; 12 places where the conversion does not come out even. */
  readonly billable: Decimal;
  readonly tiers: readonly TierUse[];
  /** Which bound of the line set the amount, if one did. */
  readonly bound: "minimum" | "maximum" | null;
}

const NO_TIERS: readonly TierUse[] = [];

/** What the quantity of a whole period costs. */
export function rate(price: Price, input: RateInput): Rated {
  const whole = convert(price, input.quantity);
  const positive = whole.gt(ZERO) ? whole : ZERO;
  let billable = price.model === "percentage" ? positive : afterIncluded(price, positive);
  let num: Decimal;
  let tiers = NO_TIERS;
  switch (price.model) {
    case "flat":
      num = decimal(price.amount ?? 0n).times(price.denominator);
      break;
    case "per_unit":
      num = billable.times(price.unitAmount ?? ZERO);
      break;
    case "package":
      num = quotient(billable, price.packageScaled ?? price.denominator, 0, "up")
        .times(price.unitAmount ?? ZERO)
        .times(price.denominator);
      break;
    case "graduated":
    case "graduated_percentage":
      ({ num, tiers } = graduated(price, billable));
      break;
    case "volume": {
      const full = input.fullQuantity ? afterIncluded(price, convert(price, input.fullQuantity)) : billable;
      ({ num, tiers } = volume(price, billable, full));
      break;
    }
    case "percentage": {
      const values = input.events ?? (positive.gt(ZERO) ? [input.quantity] : []);
      // A negative sum bills nothing, whatever its events would cost one by one.
      const events = whole.lt(ZERO) ? { values: [], count: 0 } : { values, count: input.eventCount ?? values.length };
      ({ num, billable } = percentage(price, positive, events));
      break;
    }
  }
  const exact: Amount = { num, den: price.denominator };
  const bound = boundOf(price, exact, input);
  const limit = bound === "minimum" ? price.minimumAmount : price.maximumAmount;
  return {
    amount: bound === null ? exact : prorated(limit!, input.share),
    quantity: input.quantity,
    billable: units(price, billable),
    tiers,
    bound,
  };
}

/** What is still to bill, in minor units: all of it, rounded once, less what is billed already. May be negative. */
export function delta(all: Rated, billed: bigint): bigint {
  return roundMinor(all.amount) - billed;
}

function afterIncluded(price: Price, quantity: Decimal): Decimal {
  if (price.includedScaled === ZERO) return quantity;
  const rest = quantity.minus(price.includedScaled);
  return rest.gt(ZERO) ? rest : ZERO;
}

function boundOf(price: Price, exact: Amount, input: RateInput): "minimum" | "maximum" | null {
  if (price.minimumAmount !== undefined && input.final !== false && compare(exact, prorated(price.minimumAmount, input.share)) < 0)
    return "minimum";
  if (price.maximumAmount !== undefined && compare(exact, prorated(price.maximumAmount, input.share)) > 0) return "maximum";
  return null;
}

function prorated(minor: bigint, share: Share | undefined): Amount {
  return share ? scale(amount(minor), share.num, share.den) : { num: decimal(minor), den: ONE };
}
