/** One line of an invoice from one price: rated exactly, prorated, rounded once, with its explanation. */
import { type Price, withPartOfAllowance } from "../catalog/price.ts";
import { type Rated, rate } from "../catalog/rate.ts";
import { type Amount, roundMinor, scale, toDecimal } from "../money/amount.ts";
import { type Decimal, decimal, ONE } from "../money/decimal.ts";
import type { Period } from "../time/period.ts";
import { type Share, share } from "../time/proration.ts";
import type { DraftLine } from "./invoice.ts";

/** What lines of one subscription and period have in common. */
export interface LineContext {
  planKey: string | null;
  planVersion: number | null;
  seats: number;
  /** The time that is served. */
  service: Period;
  /** The whole period that the price is for. */
  full: Period;
  prorationUnit: "second" | "day";
  timeZone: string;
  /** Of usage in a part of a period: see `UsageParts`. */
  parts?: UsageParts;
}

/** What a part of a period takes of a usage price; null: all of it. */
export interface UsageParts {
  /** Of the free allowance of what adds up (counts, sums). */
  allowance: Share | null;
  /** Of the price of what is held rather than used up (a level of storage, seats in use). */
  level: Share | null;
}

/** The line of a flat or a seat price: its amount for the whole period, times the share that is served. */
export function recurringLine(price: Price, about: LineContext): DraftLine {
  const { quantity, rated, part, exact } = recurringCost(price, about);
  return {
    kind: price.type === "seat" ? "seat" : "flat",
    ...common(price, about),
    groupKey: null,
    description: describe(price, null),
    quantity,
    amount: roundMinor(exact),
    proration: part !== null,
    round: 0,
    explain: explainOf(price, rated, exact, part),
  };
}

/** The same before its rounding: what sums over the parts of a period are made of. */
export function recurringCost(price: Price, about: LineContext) {
  const quantity = price.type === "seat" ? decimal(about.seats) : ONE;
  const rated = rate(price, { quantity });
  const part = partOf(about);
  return { quantity, rated, part, exact: part ? scale(rated.amount, part.num, part.den) : rated.amount };
}

export interface Metered {
  quantity: Decimal;
  eventCount: number;
  events?: readonly Decimal[];
  /** Of what was used, what credits have paid for; `quantity` is the rest. */
  covered?: Decimal;
  groupKey: string | null;
  group: Readonly<Record<string, string | null>>;
  /** The meter tells what is held, not what was used up. */
  level?: boolean;
}

/** What was billed for the same price, period and group before. */
export interface Billed {
  amount: bigint;
  rounds: number;
}

/** The line of a usage price: all of the period, rated from zero, less what is billed. `late` names what came after the close. */
export function usageLine(price: Price, about: LineContext, metered: Metered, billed: Billed, late: boolean): DraftLine {
  const level = (metered.level && about.parts?.level) || null;
  const allowance = (!metered.level && about.parts?.allowance) || null;
  // A level is priced for the whole period, and the part of it that was served is taken of the result.
  const part = level ? null : partOf(about);
  const rated = rate(allowance ? withPartOfAllowance(price, allowance) : price, {
    quantity: metered.quantity,
    eventCount: metered.eventCount,
    ...(metered.events ? { events: metered.events } : {}),
    ...(part ? { share: part } : {}),
  });
  const exact = level ? scale(rated.amount, level.num, level.den) : rated.amount;
  const all = roundMinor(exact);
  return {
    kind: "usage",
    ...common(price, about),
    groupKey: metered.groupKey,
    description: describe(price, metered.group) + (late ? " (came after the period was closed)" : ""),
    quantity: metered.quantity,
    amount: all - billed.amount,
    proration: false,
    round: billed.rounds,
    explain: {
      ...explainOf(price, rated, exact, level),
      ...(allowance ? { allowance: `${allowance.num}/${allowance.den}` } : {}),
      ...(metered.covered ? { covered_by_credits: metered.covered } : {}),
      ...(metered.groupKey === null ? {} : { group: metered.group }),
      ...(billed.rounds > 0 ? { total: all, billed_before: billed.amount } : {}),
    },
  };
}

function common(price: Price, about: LineContext) {
  return {
    planKey: about.planKey,
    planVersion: about.planVersion,
    priceKey: price.key,
    meterKey: price.meter ?? null,
    unitAmount: price.unitAmount ?? (price.amount === undefined ? null : decimal(price.amount)),
    period: about.service,
  };
}

function partOf(about: LineContext): { num: bigint; den: bigint } | null {
  if (about.service.start === about.full.start && about.service.end === about.full.end) return null;
  const part = share(about.service, about.full, about.prorationUnit, about.timeZone);
  return part.num === part.den ? null : part;
}

function describe(price: Price, group: Readonly<Record<string, string | null>> | null): string {
  const name = price.name ?? price.description ?? price.key;
  const values = group ? Object.entries(group).map(([key, value]) => `${key}: ${value ?? "none"}`) : [];
  return values.length > 0 ? `${name} (${values.join(", ")})` : name;
}

function explainOf(price: Price, rated: Rated, exact: Amount, part: { num: bigint; den: bigint } | null): Record<string, unknown> {
  return {
    model: price.model,
    billable: rated.billable,
    exact: toDecimal(exact),
    ...(rated.tiers.length > 0 ? { tiers: rated.tiers } : {}),
    ...(rated.bound ? { bound: rated.bound } : {}),
    ...(price.packageSize ? { package_size: price.packageSize } : {}),
    ...(price.rate ? { rate: price.rate } : {}),
    ...(part ? { share: `${part.num}/${part.den}` } : {}),
  };
}
