/** The public vectors of time and proration. Each test only maps fields; the rule is the engine's. Lago's inclusive ends are our next instant. */
import { describe, expect, test } from "vitest";
import { toDecimal } from "../../src/billing/money/amount.ts";
import { decimal } from "../../src/billing/money/decimal.ts";
import { DAY } from "../../src/billing/time/civil.ts";
import { addDuration, intervalOf, parseDuration } from "../../src/billing/time/duration.ts";
import { formatInstant, type Instant, parseInstant } from "../../src/billing/time/instant.ts";
import { linePeriods } from "../../src/billing/time/line-periods.ts";
import { nextBillingAt } from "../../src/billing/time/next-billing.ts";
import { alignAnchor, daysOf, type Interval, type Period, periodAt } from "../../src/billing/time/period.ts";
import { changeLines, differenceMinor, flatLineMinor, prorate, prorated, share } from "../../src/billing/time/proration.ts";
import {
  nextOccurrence,
  occurrencePeriodAt,
  periodsFrom,
  previousOccurrence,
  resetsBetween,
  usagePeriodAt,
} from "../../src/billing/time/recurrence.ts";
import { startOfDay } from "../../src/billing/time/zone.ts";
import {
  ABSENT,
  CREDIT_KINDS,
  DEFINED_KINDS,
  INVOICE_KINDS,
  LATER_KINDS,
  loadKinds,
  loadVectors,
  nameOf,
  ofKind,
  RATING_KINDS,
  TIME_KINDS,
  TOP_UP_KINDS,
  type Vector,
} from "./vectors.ts";

const LAGO_INTERVALS = {
  weekly: { unit: "week", count: 1 },
  monthly: { unit: "month", count: 1 },
  quarterly: { unit: "month", count: 3 },
  semiannual: { unit: "month", count: 6 },
  yearly: { unit: "year", count: 1 },
} as const satisfies Record<string, Interval>;

const FLEXPRICE_PERIODS = {
  DAILY: { unit: "day", count: 1 },
  WEEKLY: { unit: "week", count: 1 },
  MONTHLY: { unit: "month", count: 1 },
  QUARTER: { unit: "month", count: 3 },
  HALF_YEAR: { unit: "month", count: 6 },
  ANNUAL: { unit: "year", count: 1 },
} as const satisfies Record<string, Interval>;

const vectors = loadVectors();
const checked = new Set<string>();

if (vectors === null) {
  test(ABSENT, () => console.warn(ABSENT));
} else {
  suite(vectors);
}

function suite(all: Vector[]): void {
  function kind<Input, Expected>(name: string, check: (input: Input, expected: Expected) => void): void {
    checked.add(name);
    const cases = ofKind<Input, Expected>(all, name);
    if (cases.length === 0) return;
    describe(name, () => {
      test.each(cases.map((vector, index) => [nameOf(vector, index), vector] as const))("%s", (_, { input, expected }) =>
        check(input, expected),
      );
    });
  }

  interface Boundaries {
    interval: keyof typeof LAGO_INTERVALS;
    billing_time: "calendar" | "anniversary";
    subscription_at: string;
    billing_at: string;
    timezone: string;
    period: "current" | "previous";
  }
  kind<Boundaries, { from?: string; to?: string; days?: number }>("period.boundaries", (input, expected) => {
    const { timezone, subscription_at, billing_at } = input;
    const interval = LAGO_INTERVALS[input.interval];
    const begun = at(subscription_at);
    const anchor = input.billing_time === "calendar" ? alignAnchor(begun, interval, timezone) : startOfDay(timezone, begun);
    const current = periodAt(anchor, interval, timezone, at(billing_at));
    const period = input.period === "current" ? current : periodAt(anchor, interval, timezone, current.start - 1);
    if (expected.from !== undefined) expect(formatInstant(period.start)).toBe(expected.from);
    if (expected.to !== undefined) expect(formatInstant(period.end - 1_000)).toBe(expected.to);
    if (expected.days !== undefined) expect(daysOf(period, timezone)).toBe(expected.days);
  });

  interface Occurrence {
    anchor: string;
    interval: string;
    time: string;
    inclusive: boolean;
  }
  kind<Occurrence, { time: string }>("recurrence_next", (input, { time }) => {
    expect(formatInstant(nextOccurrence(recurrence(input), at(input.time), input.inclusive ? "inclusive" : "exclusive"))).toBe(time);
  });
  kind<Occurrence, { time: string }>("recurrence_prev", (input, { time }) => {
    expect(formatInstant(previousOccurrence(recurrence(input), at(input.time), input.inclusive ? "inclusive" : "exclusive"))).toBe(time);
  });
  kind<Occurrence, Span>("recurrence_period_at", (input, expected) => {
    expect(occurrencePeriodAt(recurrence(input), at(input.time))).toEqual(period(expected));
  });

  kind<{ start: string; duration: string }, { end: string }>("duration_add", ({ start, duration }, { end }) => {
    expect(formatInstant(addDuration(at(start), parseDuration(duration)!))).toBe(end);
  });

  type Ruling = { effectiveFrom: string; anchor: string; interval: string; timezone?: string };
  const rulings = (list: Ruling[], timezone?: string) =>
    list.map((each) => ({ ...recurrence(each, each.timezone ?? timezone), effectiveFrom: at(each.effectiveFrom) }));
  kind<{ recurrences: Ruling[]; time: string; timezone?: string }, Span>("usage_period_at", (input, expected) => {
    expect(usagePeriodAt(rulings(input.recurrences, input.timezone), at(input.time))).toEqual(period(expected));
  });
  kind<{ recurrences: Ruling[]; from: string; to: string; timezone?: string }, string[]>("usage_reset_timeline", (input, expected) => {
    expect(resetsBetween(rulings(input.recurrences, input.timezone), at(input.from), at(input.to)).map(formatInstant)).toEqual(expected);
  });

  kind<{ start: string; anchor: string; interval: string; count: number }, Span[]>("billing_anchor_periods", (input, expected) => {
    expect(periodsFrom(recurrence(input), at(input.start), input.count)).toEqual(expected.map(period));
  });

  interface Lines {
    subscriptionStart: string;
    billingAnchor: string;
    billingCadence: string;
    generateUntil: string;
    phaseEnd: string | null;
    subscriptionEnd: string | null;
    items: { key: string; cadence: string | null; price: string; startAfter: string | null; endAfter: string | null }[];
  }
  type Line = { id: string; service: [string, string]; fullService: [string, string]; billing: [string, string] };
  kind<Lines, Line[]>("subscription_line_periods", (input, expected) => {
    const startAt = wholeSecond(at(input.subscriptionStart));
    const ends = [input.phaseEnd, input.subscriptionEnd].filter((end) => end !== null).map(at);
    const grid = {
      anchor: at(input.billingAnchor),
      billing: interval(input.billingCadence),
      timeZone: "UTC",
      startAt,
      endAt: ends.length > 0 ? Math.min(...ends) : null,
    };
    const versions = new Map<string, number>();
    const found = input.items.flatMap((item) => {
      const version = versions.get(item.key) ?? 0;
      versions.set(item.key, version + 1);
      const after = (duration: string) => wholeSecond(addDuration(startAt, parseDuration(duration)!));
      const term = {
        cadence: item.cadence === null ? null : interval(item.cadence),
        startAt: item.startAfter === null ? startAt : after(item.startAfter),
        endAt: item.endAfter === null ? null : after(item.endAfter),
        inAdvance: item.price === "flat_in_advance",
      };
      return linePeriods(grid, term, at(input.generateUntil)).map((line) => ({
        id: `${item.key}/v[${version}]${item.cadence === null ? "" : `/period[${line.index}]`}`,
        service: pair(line.service),
        fullService: pair(line.full),
        billing: pair(line.billing),
      }));
    });
    expect(found).toEqual(expected);
  });

  interface NextBilling {
    currentPeriodStart: string;
    billingAnchor: string;
    unit: number;
    period: keyof typeof FLEXPRICE_PERIODS;
    timezone: string;
  }
  kind<NextBilling, { next: string }>("next_billing_date", (input, { next }) => {
    const { unit, count } = FLEXPRICE_PERIODS[input.period];
    const every = { unit, count: count * input.unit };
    expect(formatInstant(nextBillingAt(at(input.currentPeriodStart), at(input.billingAnchor), every, input.timezone))).toBe(next);
  });

  interface Fee {
    plan_amount_cents: number;
    period_days: number;
    billed_from: string;
    billed_to: string;
    trial_first_paid_day?: string;
    old_subscription_of_an_upgrade?: boolean;
  }
  kind<Fee, { amount_cents: number; precise_amount_cents_5?: string }>("proration.subscription", (input, expected) => {
    const start = day(input.billed_from);
    const service = {
      start: input.trial_first_paid_day === undefined ? start : Math.max(start, day(input.trial_first_paid_day)),
      // An upgrade ends the old service on its last day, which then belongs to the new plan.
      end: day(input.billed_to) + (input.old_subscription_of_an_upgrade ? 0 : DAY),
    };
    const full = ofDays(input.period_days, start);
    expect(prorate(BigInt(input.plan_amount_cents), service, full, "day", "UTC")).toBe(BigInt(expected.amount_cents));
    if (expected.precise_amount_cents_5 === undefined) return;
    const exact = prorated(BigInt(input.plan_amount_cents), share(service, full, "day", "UTC"));
    expect(toDecimal(exact, 5).toFixed()).toBe(expected.precise_amount_cents_5);
  });

  interface FixedCharge {
    items: { price_cents_full_period: number; already_billed_full_period_cents?: number; days: number; period_days: number }[];
  }
  kind<FixedCharge, { amount_cents: number[] }>("proration.fixed_charge", ({ items }, expected) => {
    const amounts = items.map((item) =>
      differenceMinor(
        BigInt(item.price_cents_full_period),
        BigInt(item.already_billed_full_period_cents ?? 0),
        ofDays(item.days),
        ofDays(item.period_days),
        "day",
        "UTC",
      ),
    );
    expect(amounts.map(Number)).toEqual(expected.amount_cents);
  });

  interface Flat {
    amount: number;
    scale: number;
    proratingEnabled: boolean;
    subscriptionEndMode: string;
    service: Span;
    fullService: Span;
  }
  kind<Flat, { amount: number; emitLine: boolean }>("proration_flat_time", (input, expected) => {
    const line = flatLineMinor({
      amountMinor: minor(input.amount, input.scale),
      service: period(input.service),
      full: period(input.fullService),
      prorate: input.proratingEnabled && input.subscriptionEndMode !== "bill_full_period",
      unit: "second",
      timeZone: "UTC",
    });
    expect({ amount: line ?? 0n, emitLine: line !== null }).toEqual({
      amount: minor(expected.amount, input.scale),
      emitLine: expected.emitLine,
    });
  });

  interface Change {
    oldAmount: number;
    newAmount: number;
    daysRemaining: number;
    daysInPeriod: number;
    currencyScale: number;
  }
  kind<Change, { credit: number; charge: number; net: number }>("plan_change_proration", (input, expected) => {
    const scale = input.currencyScale;
    const full = ofDays(input.daysInPeriod);
    const change = {
      beforeMinor: minor(input.oldAmount, scale),
      afterMinor: minor(input.newAmount, scale),
      beforeFull: full,
      afterFull: full,
    };
    const { creditMinor, chargeMinor } = changeLines(change, full.end - input.daysRemaining * DAY, "day", "UTC");
    expect([creditMinor, chargeMinor, creditMinor + chargeMinor]).toEqual(
      [expected.credit, expected.charge, expected.net].map((amount) => minor(amount, scale)),
    );
  });

  interface ComponentChange {
    periodStart: string;
    periodEnd: string;
    changeDate: string;
    matched: { old: number; new: number }[];
    added: { amount: number }[];
    removed: { amount: number }[];
  }
  kind<ComponentChange, { net: number; lines: number[] }>("plan_change_proration_minor_units", (input, expected) => {
    const full = { start: day(input.periodStart), end: day(input.periodEnd) };
    const changes: [number | null, number | null][] = [
      ...input.matched.map((each): [number, number] => [each.old, each.new]),
      ...input.added.map((each): [null, number] => [null, each.amount]),
      ...input.removed.map((each): [number, null] => [each.amount, null]),
    ];
    const lines = changes.flatMap(([before, after]) => {
      const whole = (amount: number | null) => (amount === null ? null : BigInt(amount));
      const change = { beforeMinor: whole(before), afterMinor: whole(after), beforeFull: full, afterFull: full };
      const { creditMinor, chargeMinor } = changeLines(change, day(input.changeDate), "day", "UTC");
      return [creditMinor, chargeMinor].filter((amount) => amount !== 0n).map(Number);
    });
    expect({ net: lines.reduce((sum, line) => sum + line, 0), lines }).toEqual(expected);
  });

  kind<{ partial: Span; full: Span }, { prorate: boolean; factor: string | null }>("proration_factor_days", (input, expected) => {
    const days = ({ from, to }: Span) => ({ start: day(from), end: day(to) });
    const { num, den } = share(days(input.partial), days(input.full), "day", "UTC");
    if (expected.prorate) expect(`${num}/${den}`).toBe(expected.factor);
    else expect(num).toBe(den);
  });

  test("every kind of the files is checked here, in the rating or the invoice suite, or waits with a reason", () => {
    const homes = (kind: string) =>
      [TIME_KINDS, RATING_KINDS, INVOICE_KINDS, DEFINED_KINDS, TOP_UP_KINDS, CREDIT_KINDS, LATER_KINDS].filter((kinds) => kinds.has(kind))
        .length;
    expect(loadKinds()!.filter((kind) => homes(kind) !== 1)).toEqual([]);
    const used = new Set(all.map((vector) => vector.kind));
    expect([...TIME_KINDS].filter((kind) => used.has(kind) && !checked.has(kind))).toEqual([]);
    expect([...checked].filter((kind) => !TIME_KINDS.has(kind))).toEqual([]);
  });
}

type Span = { from: string; to: string };

function at(text: string): Instant {
  const found = parseInstant(text);
  if (found === null) throw new Error(`not an instant: ${text}`);
  return found;
}

function day(date: string): Instant {
  return at(`${date.slice(0, 10)}T00:00:00Z`);
}

function period({ from, to }: Span): Period {
  return { start: at(from), end: at(to) };
}

function pair({ start, end }: Period): [string, string] {
  return [formatInstant(start), formatInstant(end)];
}

function ofDays(count: number, start: Instant = 0): Period {
  return { start, end: start + count * DAY };
}

function wholeSecond(instant: Instant): Instant {
  return Math.floor(instant / 1_000) * 1_000;
}

function interval(duration: string): Interval {
  const found = intervalOf(parseDuration(duration)!);
  if (found === null) throw new Error(`not an interval: ${duration}`);
  return found;
}

function recurrence(input: { anchor: string; interval: string }, timeZone = "UTC") {
  return { anchor: at(input.anchor), interval: interval(input.interval), timeZone };
}

function minor(amount: number, scale: number): bigint {
  return BigInt(
    decimal(amount)
      .times(decimal(10n ** BigInt(scale)))
      .toFixed(),
  );
}
