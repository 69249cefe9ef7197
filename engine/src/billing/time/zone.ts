/**
 * Local time. A zone is kept as the stretches of constant offset that were asked for so far: found once through Temporal
 * (60 µs and more a call), then looked up by bisection (0.1 µs), so that a tenant in Paris costs little more than one in UTC.
 */
import { LRUCache } from "lru-cache";
import { Temporal } from "temporal-polyfill";
import { DAY } from "./civil.ts";
import type { Instant } from "./instant.ts";

/** Local wall-clock time as milliseconds, as if it were UTC: 2024-03-01 00:00 in any zone is `Date.UTC(2024, 2, 1)`. */
export type Wall = number;

interface Stretch {
  /** First instant of the stretch, and the first after it. */
  readonly start: Instant;
  readonly end: Instant;
  readonly offset: number;
}

// More than there are zones; the bound is for the ways to spell one in capitals.
const stretchesByZone = new LRUCache<string, Stretch[]>({ max: 1_000 });
const known = new LRUCache<string, boolean>({ max: 2_000 });

/** Whether `name` is an IANA time zone of this machine: `Europe/Paris`, `UTC`. Bare offsets (`+05:30`) are not. */
export function isTimeZone(name: string): boolean {
  const seen = known.get(name);
  if (seen !== undefined) return seen;
  const valid = /^[A-Za-z][A-Za-z0-9_+/-]{1,63}$/.test(name) && accepts(name);
  known.set(name, valid);
  return valid;
}

/** What the clocks in the zone show. Throws RangeError for an unknown zone. */
export function toWall(timeZone: string, at: Instant): Wall {
  return timeZone === "UTC" ? at : at + stretchAt(timeZone, at).offset;
}

/**
 * The first instant that is not before `wall` on the clocks of the zone: the earlier one where a clock change repeats the
 * time, the instant of the change where it skips it. Never decreases as `wall` grows.
 */
export function fromWall(timeZone: string, wall: Wall): Instant {
  if (timeZone === "UTC") return wall;
  // No zone is a day from UTC, so that the instant lies within a day; a change of more than a day has not been seen.
  let stretch = stretchAt(timeZone, wall - DAY);
  for (let changes = 0; changes < 16; changes++) {
    const at = wall - stretch.offset;
    if (at < stretch.end) return Math.max(at, stretch.start);
    stretch = stretchAt(timeZone, stretch.end);
  }
  throw new RangeError(`${timeZone} changes its clocks more than 16 times in two days`);
}

/** The local midnight at or before `at`: the first instant of its local date. */
export function startOfDay(timeZone: string, at: Instant): Instant {
  return fromWall(timeZone, floorToDay(toWall(timeZone, at)));
}

/** Days since 1970-01-01 of the local date at `at`. */
export function localDay(timeZone: string, at: Instant): number {
  return Math.floor(toWall(timeZone, at) / DAY);
}

export function floorToDay(wall: Wall): Wall {
  return Math.floor(wall / DAY) * DAY;
}

function stretchAt(timeZone: string, at: Instant): Stretch {
  let stretches = stretchesByZone.get(timeZone);
  if (stretches === undefined) {
    stretches = [];
    stretchesByZone.set(timeZone, stretches);
  }
  let low = 0;
  let high = stretches.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (stretches[middle]!.end <= at) low = middle + 1;
    else high = middle;
  }
  const found = stretches[low];
  if (found !== undefined && found.start <= at) return found;
  const fresh = findStretch(timeZone, at);
  stretches.splice(low, 0, fresh);
  return fresh;
}

function findStretch(timeZone: string, at: Instant): Stretch {
  const here = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
  const next = here.getTimeZoneTransition("next");
  // The last transition strictly before the next instant includes one at `at` itself.
  const last = here.add({ nanoseconds: 1 }).getTimeZoneTransition("previous");
  return {
    start: last === null ? Number.NEGATIVE_INFINITY : last.epochMilliseconds,
    end: next === null ? Number.POSITIVE_INFINITY : next.epochMilliseconds,
    offset: Math.floor(here.offsetNanoseconds / 1_000_000),
  };
}

function accepts(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
    return true;
  } catch {
    return false;
  }
}
