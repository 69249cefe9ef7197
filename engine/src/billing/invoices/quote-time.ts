/** The period of a quote and the part of it that is served. */
import type { Fault } from "../../errors.ts";
import { type Instant, parseInstant } from "../time/instant.ts";
import { alignAnchor, type Interval, type Period, periodAt } from "../time/period.ts";
import { isTimeZone } from "../time/zone.ts";
import type { QuoteBody } from "./quote-schema.ts";

export interface QuoteTime {
  /** What the prices are for. */
  readonly period: Period;
  /** What is billed, and when events count. */
  readonly service: Period;
  readonly timeZone: string;
}

export function timeOf(body: QuoteBody, interval: Interval, now: Instant, faults: Fault[]): QuoteTime | null {
  const found: Fault[] = [];
  const timeZone = body.time_zone ?? "UTC";
  if (!isTimeZone(timeZone)) found.push({ path: "time_zone", message: "must be an IANA time zone, such as Europe/Paris" });
  const given = spanOf(body.period, "period", found);
  const part = spanOf(body.service, "service", found);
  faults.push(...found);
  if (found.length > 0) return null;
  const period = given ?? calendarPeriod(interval, timeZone, part?.start ?? lastEvent(body) ?? now);
  if (part && (part.start < period.start || part.start >= period.end)) {
    faults.push({ path: "service.start", message: "lies outside the period" });
    return null;
  }
  if (part && part.end > period.end) {
    faults.push({ path: "service.end", message: "lies after the end of the period" });
    return null;
  }
  return { period, service: part ?? period, timeZone };
}

function spanOf(span: QuoteBody["period"], path: string, faults: Fault[]): Period | null {
  if (span == null) return null;
  const [start, end] = [parseInstant(span.start)!, parseInstant(span.end)!];
  if (end <= start) faults.push({ path: `${path}.end`, message: `must be after ${path}.start` });
  return { start, end };
}

// Whole, so that nothing is prorated.
function calendarPeriod(interval: Interval, timeZone: string, at: Instant): Period {
  const { start, end } = periodAt(alignAnchor(at, interval, timeZone), interval, timeZone, at);
  return { start, end };
}

function lastEvent(body: QuoteBody): Instant | null {
  let last: Instant | null = null;
  for (const { at } of body.events ?? []) {
    const instant = at == null ? null : parseInstant(at);
    if (instant !== null && (last === null || instant > last)) last = instant;
  }
  return last;
}
