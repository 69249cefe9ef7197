/** What is kept of one tenant: what it is given, the windows that run, and what is used in them. */
import type { Meter } from "../catalog/meter.ts";
import { type Decimal, decimal, ONE } from "../money/decimal.ts";
import { FAR_FUTURE, type Instant } from "../time/instant.ts";
import type { Period } from "../time/period.ts";
import { windowAt } from "../time/window.ts";
import type { UsageEvent } from "../usage/event.ts";
import type { CheckAnswer } from "./answer.ts";
import { type Check, type Counted, decide, isAdditive } from "./decide.ts";
import type { Grant } from "./grant.ts";
import type { Given } from "./read-account.ts";

/** One meter in one window. */
export interface Counter {
  readonly meter: Meter;
  readonly period: Period;
  /** null: to be read. */
  value: Decimal | null;
  /** Of the stopwatch, in milliseconds: when its value was begun to be read. */
  readAt: number;
  /** Of the order of things in this process: when the read had ended. */
  tick: number;
  /** Moves with every change, so that a read that was under way is not kept. */
  version: number;
  reading: Promise<Decimal> | null;
  readonly features: KeptFeature[];
}

export interface KeptFeature {
  readonly grant: Grant;
  /** One for each limit. */
  readonly counters: readonly Counter[];
  /** Without a quantity; null: to be decided anew. */
  text: string | null;
  answer: Promise<CheckAnswer> | null;
}

export interface Kept {
  readonly given: Given;
  /** Where its test clock stands; null: it goes with the system's. */
  readonly clock: Instant | null;
  readonly loadedAt: number;
  /** While nothing changes by time alone. */
  readonly from: Instant;
  readonly until: Instant;
  readonly features: ReadonlyMap<string, KeptFeature>;
  /** By the number of the meter. */
  readonly counters: ReadonlyMap<number, readonly Counter[]>;
}

export function keep(given: Given, now: Instant, loadedAt: number): Kept {
  const { tenant, overrides } = given.account;
  const counters = new Map<string, Counter>();
  const features = new Map<string, KeptFeature>();
  for (const grant of given.grants.values()) {
    const own = grant.limits.map((limit) => {
      const period = windowAt(limit.window, tenant.timeZone, now, given.standing.period);
      const name = `${grant.meter!.no} ${period.start} ${period.end}`;
      let counter = counters.get(name);
      if (!counter) {
        counter = { meter: grant.meter!, period, value: null, readAt: 0, tick: 0, version: 0, reading: null, features: [] };
        counters.set(name, counter);
      }
      return counter;
    });
    const feature: KeptFeature = { grant, counters: own, text: null, answer: null };
    for (const counter of new Set(own)) counter.features.push(feature);
    features.set(grant.feature.key, feature);
  }
  const all = [...counters.values()];
  const expiries = overrides.flatMap(({ expiresAt }) => (expiresAt !== null && expiresAt > now ? [expiresAt] : []));
  return {
    given,
    clock: tenant.testClockId === null ? null : now,
    loadedAt,
    from: Math.max(0, ...all.map(({ period }) => period.start)),
    until: Math.min(FAR_FUTURE, given.standing.until, ...all.map(({ period }) => period.end), ...expiries),
    features,
    counters: Map.groupBy(all, ({ meter }) => meter.no),
  };
}

/** Read anew while nothing had changed: what was counted in the same windows is as good as before. */
export function inherit(fresh: Kept, before: Kept): void {
  for (const [meterNo, counters] of fresh.counters) {
    for (const counter of counters) {
      const { start, end } = counter.period;
      const old = before.counters.get(meterNo)?.find(({ period }) => period.start === start && period.end === end);
      if (old && counter.value === null) Object.assign(counter, { value: old.value, readAt: old.readAt, tick: old.tick });
    }
  }
}

/** `used` of each counter of the feature, in order. */
export function countedOf({ grant, counters }: KeptFeature, used: readonly Decimal[]): Counted[] {
  return counters.map(({ period }, i) => ({ limit: grant.limits[i]!, period, used: used[i]! }));
}

/** From counters that all have their value. */
export function checkOf(feature: KeptFeature, quantity: Decimal | null): Check {
  const used = feature.counters.map((counter) => counter.value!);
  return decide(feature.grant, countedOf(feature, used), quantity);
}

/** Its value is another one now: null, to be read again. */
export function moveTo(counter: Counter, value: Decimal | null): void {
  counter.value = value;
  counter.version += 1;
  counter.reading = null;
  for (const feature of counter.features) {
    feature.text = null;
    feature.answer = null;
  }
}

/**
 * An event was stored. `since`: when its statement began; what had been read before that moves by what the event says, anything
 * else may or may not hold it already and is read again.
 */
export function addUsage(counter: Counter, event: UsageEvent, value: string | null, since: number | null): void {
  const { start, end } = counter.period;
  const at = Math.floor(event.atUs / 1_000);
  // What carries over period ends is moved by what came before, too.
  if (at >= end || (at < start && !counter.meter.recurring)) return;
  const exact = counter.value !== null && since !== null && counter.tick < since && isAdditive(counter.meter);
  if (!exact) moveTo(counter, null);
  else moveTo(counter, counter.value!.plus(counter.meter.aggregation === "count" ? ONE : decimal(value!)));
}
