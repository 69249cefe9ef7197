/**
 * The parts of a period between two changes of plan or seats. What was in force prices what was used; what was sold prices
 * the time itself. The parts of a period adjoin and share no instant, so that nothing is billed twice or lost.
 */
import type { Instant } from "../time/instant.ts";
import type { Period } from "../time/period.ts";

export interface Terms {
  planKey: string;
  planVersion: number;
  seats: number;
}

export interface Segment {
  service: Period;
  /** The billing period that it is a part of, before it was cut. */
  period: Period;
  /** Until when the free allowance of usage is for, where that is before the period's end: of what ended early with nothing given back. */
  allowanceEnd?: Instant;
  /** The whole that prices are for: longer than the period where that is a calendar-aligned first one. */
  full: Period;
  inForce: Terms;
  /** Differs from `inForce` after a change without proration: until its end the period stays as it was sold. */
  sold: Terms;
}

/** A period without a change. */
export function wholeSegment(period: Period, full: Period, terms: Terms): Segment {
  return { service: period, period, full, inForce: terms, sold: terms };
}

/** New terms from `at` to the end of the period. Of two changes at one instant the second stands. */
export function changeSegments(segments: readonly Segment[], at: Instant, terms: Terms, prorated: boolean): Segment[] {
  const open = segments.at(-1)!;
  const rest = { ...open, service: { start: at, end: open.service.end }, inForce: terms, sold: prorated ? terms : open.sold };
  return [...cutSegments(segments, at), rest];
}

/** What was served before `at`. */
export function cutSegments(segments: readonly Segment[], at: Instant): Segment[] {
  return segments
    .filter(({ service }) => service.start < at)
    .map((segment) => ({ ...segment, service: { start: segment.service.start, end: Math.min(segment.service.end, at) } }));
}
