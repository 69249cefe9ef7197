/**
 * Rating: what a quantity costs at a price, exactly. Always from zero: what is already billed is subtracted by `delta`,
 * so tier crossings, late events and re-runs never bill twice (domain §3).
 */
import type { Amount } from "../money/amount.ts";
import { NOTHING } from "../money/amount.ts";
import { type Decimal, ZERO } from "../money/decimal.ts";
import type { Price } from "./price.ts";

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
  /** Of a percentage price: the value of each event, in order. The first ones are enough if they cover the free allowance and there is no min/max per event. */
  readonly events?: readonly Decimal[];
  /** Of a percentage price: the number of all events; absent: as many as `events`, or one. */
  readonly eventCount?: number;
  /** Prorates minimum_amount and maximum_amount. */
  readonly share?: Share;
  /** False while the period still runs: no minimum yet. Default true. */
  readonly final?: boolean;
}

/** One tier's part of a line, in document form; quantities after conversion, amounts in minor units. */
export interface TierUse {
  readonly up_to: Decimal | null;
  readonly quantity: Decimal;
  readonly unit_amount?: Decimal;
  readonly rate?: Decimal;
  readonly flat_amount: Decimal;
  readonly amount: Decimal;
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

/** What the quantity of a whole period costs. */
export function rate(_price: Price, input: RateInput): Rated {
  return { amount: NOTHING, quantity: input.quantity, billable: ZERO, tiers: [], bound: null };
}

/** What is still to bill, in minor units: all of it, rounded once, less what is billed already. May be negative. */
export function delta(_all: Rated, _billed: bigint): bigint {
  return 0n;
}
