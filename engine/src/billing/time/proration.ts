/**
 * What part of a price a part of a period costs (domain §5.3): service time over full time, kept as a fraction, and rounded
 * once at the line. Ends are floored to whole seconds or local dates before they are subtracted, so that the shares of
 * adjoining services always add up to the share of both: nothing is billed twice or lost at a plan change.
 */
import { type Amount, amount, roundMinor, scale } from "../money/amount.ts";
import { SECOND } from "./civil.ts";
import type { Instant } from "./instant.ts";
import type { Period } from "./period.ts";
import { localDay } from "./zone.ts";

export type ProrationUnit = "second" | "day";

/** `num / den` of the full price, between 0/1 and 1/1: seconds over seconds, or calendar days over calendar days. */
export interface Share {
  readonly num: bigint;
  readonly den: bigint;
}

export const WHOLE: Share = { num: 1n, den: 1n };
const NONE: Share = { num: 0n, den: 1n };

/**
 * The share of `full` that `service` takes. By the day, the day of a change belongs to what comes after it. An empty
 * service is nothing; a service as long as the full period, or a full period of no length, is the whole.
 */
export function share(service: Period, full: Period, unit: ProrationUnit, timeZone: string): Share {
  const den = length(full, unit, timeZone);
  const num = length(service, unit, timeZone);
  if (den <= 0 || num >= den) return WHOLE;
  return num <= 0 ? NONE : { num: BigInt(num), den: BigInt(den) };
}

/** The exact share of an amount, for a line that still has terms to come before its one rounding. */
export function prorated(amountMinor: bigint, part: Share): Amount {
  return scale(amount(amountMinor), part.num, part.den);
}

/** The share of an amount in minor units, rounded once, half away from zero. */
export function prorate(amountMinor: bigint, service: Period, full: Period, unit: ProrationUnit, timeZone: string): bigint {
  return roundMinor(prorated(amountMinor, share(service, full, unit, timeZone)));
}

/** One flat price on an invoice. A service that begins and ends at one instant is a one-time price, which has no share of time. */
export interface FlatLine {
  readonly amountMinor: bigint;
  readonly service: Period;
  readonly full: Period;
  /** False for prices that are sold whole, however short the service. */
  readonly prorate: boolean;
  readonly unit: ProrationUnit;
  readonly timeZone: string;
}

/** What the line bills, or null where it comes to nothing and is left off the invoice. */
export function flatLineMinor({ amountMinor, service, full, prorate: prorates, unit, timeZone }: FlatLine): bigint | null {
  const whole = !prorates || service.start === service.end;
  const result = whole ? amountMinor : prorate(amountMinor, service, full, unit, timeZone);
  return result === 0n ? null : result;
}

/** A recurring price before and after a change, in minor units a full period; null where it was added or removed. */
export interface PriceChange {
  readonly beforeMinor: bigint | null;
  readonly afterMinor: bigint | null;
  /** The full period that the old price was sold for, and the new one is sold for. */
  readonly beforeFull: Period;
  readonly afterFull: Period;
}

/** `creditMinor` is zero or negative (for a positive price), `chargeMinor` zero or positive; each is a line rounded by itself. */
export interface ChangeLines {
  readonly creditMinor: bigint;
  readonly chargeMinor: bigint;
}

/** The credit for the time that the old price no longer serves, and the charge for what is left at the new one (domain §5.3). */
export function changeLines(change: PriceChange, changeAt: Instant, unit: ProrationUnit, timeZone: string): ChangeLines {
  const rest = (minor: bigint | null, full: Period) =>
    minor === null ? 0n : prorate(minor, { start: changeAt, end: full.end }, full, unit, timeZone);
  return {
    creditMinor: -rest(change.beforeMinor, change.beforeFull),
    chargeMinor: rest(change.afterMinor, change.afterFull),
  };
}

/** What a change within a period still costs where the rest of it is already billed at another price: each side a rounded line. */
export function differenceMinor(
  newMinor: bigint,
  billedMinor: bigint,
  service: Period,
  full: Period,
  unit: ProrationUnit,
  timeZone: string,
): bigint {
  return prorate(newMinor, service, full, unit, timeZone) - prorate(billedMinor, service, full, unit, timeZone);
}

function length(period: Period, unit: ProrationUnit, timeZone: string): number {
  if (unit === "day") return localDay(timeZone, period.end) - localDay(timeZone, period.start);
  return Math.floor(period.end / SECOND) - Math.floor(period.start / SECOND);
}
