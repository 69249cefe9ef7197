/**
 * What a change within a period costs (domain §5.3): for each in-advance price a credit for the time that it no longer
 * serves, and a charge for the rest of the period at the new one.
 *
 * Cumulative, as all rating here: the parts of the period that were sold are added up exactly, rounded once, and what is
 * billed is subtracted. So up, down and up again costs what the time used costs, to the minor unit, whatever the order.
 * The charge is its own share, rounded; what rounding leaves over is in the credit.
 */
import type { Plan } from "../catalog/plan.ts";
import type { Price } from "../catalog/price.ts";
import { type Amount, compare, NOTHING, plus, roundMinor, toDecimal } from "../money/amount.ts";
import type { Instant } from "../time/instant.ts";
import type { Period } from "../time/period.ts";
import { type BilledLine, billedFor } from "./billed.ts";
import type { DraftLine } from "./invoice.ts";
import { type LineContext, recurringCost, recurringLine } from "./line.ts";

/** A part of the period and what was sold for it. */
export interface Sold {
  service: Period;
  full: Period;
  plan: Plan;
  seats: number;
}

export interface Change {
  /** The parts of the period in order, as they were sold until now; the last reaches to its end. */
  before: readonly Sold[];
  at: Instant;
  /** What is sold for the rest; null: nothing is. */
  after: Pick<Sold, "plan" | "seats"> | null;
  currency: string;
  timeZone: string;
  billed: readonly BilledLine[];
}

/** Credits first, then charges; none of nothing. */
export function changeLines(change: Change): DraftLine[] {
  const open = change.before.at(-1)!;
  const rest = { start: change.at, end: open.service.end };
  const after: Sold | null = change.after && { ...change.after, service: rest, full: open.full };
  const credits: DraftLine[] = [];
  const charges: DraftLine[] = [];
  const old = inAdvance(open.plan, change.currency);
  const next = after ? inAdvance(after.plan, change.currency) : [];
  for (const key of new Set([...old, ...next].map((price) => price.key))) {
    const was = old.find((price) => price.key === key) ?? null;
    const is = next.find((price) => price.key === key) ?? null;
    if (was && is && after && unchanged(open, was, after, is)) continue;
    const used = usedOf(change, key);
    const coming = is && after ? recurringCost(is, aboutOf(after, change)).exact : NOTHING;
    const standing = billedOf(change, key);
    const owed = roundMinor(plus(used, coming)) - standing;
    let charge = is && after ? roundMinor(coming) : 0n;
    let credit = owed - charge;
    // Rounding may leave a unit over where nothing is credited.
    if (is && (credit > 0n || !was)) {
      charge = owed;
      credit = 0n;
    }
    if (was && credit !== 0n) credits.push(creditLine(was, { ...open, service: rest }, change, credit, standing, used));
    if (is && after && charge !== 0n) charges.push(chargeLine(is, after, change, charge));
  }
  return [...credits, ...charges];
}

/** The exact cost of a price over the parts that were served before the change, but for what was voided since. */
function usedOf(change: Change, key: string): Amount {
  let sum = NOTHING;
  let voided = false;
  for (const part of change.before) {
    const charged = change.billed.filter(
      (line) => line.kind !== "credit" && line.period.start === part.service.start && soldInAdvance(line, key, change),
    );
    // A part without lines of its own goes on as the part before it was billed.
    if (charged.length > 0) voided = charged.every((line) => !line.stands);
    const price = inAdvance(part.plan, change.currency).find((one) => one.key === key);
    const service = { start: part.service.start, end: Math.min(part.service.end, change.at) };
    if (price && !voided && service.start < service.end) sum = plus(sum, recurringCost(price, aboutOf({ ...part, service }, change)).exact);
  }
  return sum;
}

function billedOf(change: Change, key: string): bigint {
  return change.billed.filter((line) => soldInAdvance(line, key, change)).reduce((sum, line) => sum + line.amount, 0n);
}

// What is sold in advance reaches to the period's end. By that it is told from what gave back a period that was cut at this one's start.
function soldInAdvance(line: BilledLine, key: string, { before }: Change): boolean {
  const { start } = before[0]!.service;
  return line.priceKey === key && line.kind !== "usage" && line.period.start >= start && line.period.end === before.at(-1)!.service.end;
}

function unchanged(before: Sold, was: Price, after: Sold, is: Price): boolean {
  if (before.plan.key !== after.plan.key || before.plan.version !== after.plan.version) return false;
  const whole = (sold: Sold) => ({ ...aboutOf(sold, { timeZone: "UTC" }), service: sold.full });
  return compare(recurringCost(was, whole(before)).exact, recurringCost(is, whole(after)).exact) === 0;
}

function creditLine(price: Price, sold: Sold, change: Change, amount: bigint, billed: bigint, used: Amount): DraftLine {
  const line = recurringLine(price, aboutOf(sold, change));
  return {
    ...line,
    kind: "credit",
    description: `${line.description} (unused time)`,
    amount,
    proration: true,
    round: billedFor(change.billed, { kind: "credit", priceKey: price.key, start: change.at, groupKey: null }).rounds,
    explain: { ...line.explain, billed_before: billed, used: toDecimal(used) },
  };
}

function chargeLine(price: Price, sold: Sold, change: Change, amount: bigint): DraftLine {
  const line = recurringLine(price, aboutOf(sold, change));
  return {
    ...line,
    description: line.proration ? `${line.description} (rest of the period)` : line.description,
    amount,
    round: billedFor(change.billed, { kind: line.kind, priceKey: price.key, start: change.at, groupKey: null }).rounds,
  };
}

function inAdvance(plan: Plan, currency: string): Price[] {
  return plan.pricesIn(currency).filter((price) => price.type !== "usage" && price.timing === "in_advance");
}

function aboutOf({ plan, seats, service, full }: Sold, { timeZone }: Pick<Change, "timeZone">): LineContext {
  return { planKey: plan.key, planVersion: plan.version, seats, service, full, prorationUnit: plan.prorationUnit, timeZone };
}
