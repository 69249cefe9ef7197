/** Which lines a recurring price has on the invoices of a subscription, where its cadence may differ from the billing cadence. */
import type { Instant } from "./instant.ts";
import { type Interval, overlap, type Period, periodAt, periodStart } from "./period.ts";

/** The time that a subscription bills over, on one grid: everything recurs from `anchor`. An open end is null. */
export interface BillingGrid {
  readonly anchor: Instant;
  readonly billing: Interval;
  readonly timeZone: string;
  readonly startAt: Instant;
  readonly endAt: Instant | null;
}

/** A price in force in [startAt, endAt). Without a cadence it is billed once. */
export interface PriceTerm {
  readonly cadence: Interval | null;
  readonly startAt: Instant;
  readonly endAt: Instant | null;
  readonly inAdvance: boolean;
}

/** `service` is what the line bills, `full` what it is prorated against, `billing` the period whose invoice carries it. */
export interface LinePeriods {
  readonly index: number;
  readonly service: Period;
  readonly full: Period;
  readonly billing: Period;
  readonly dueAt: Instant;
}

/**
 * The lines of a price that are due at or before `until`: in advance at the start of their billing period, in arrears when
 * both service and billing period are over. Lines of no length are left out. A one-time price serves the whole grid, or,
 * where that has no end, the instant at which it starts.
 */
export function linePeriods(grid: BillingGrid, term: PriceTerm, until: Instant): LinePeriods[] {
  const end = Math.min(term.endAt ?? Number.POSITIVE_INFINITY, grid.endAt ?? Number.POSITIVE_INFINITY);
  const active = { start: Math.max(term.startAt, grid.startAt), end };
  if (term.cadence === null) {
    const service = { start: grid.startAt, end: grid.endAt ?? grid.startAt };
    return due([line(grid, term, 0, service, service)], until);
  }

  const { anchor, timeZone } = grid;
  // In advance, a line of a later day may stand on the invoice of a period that has begun.
  const horizon = term.inAdvance ? periodAt(anchor, grid.billing, timeZone, until).end : until;
  if (active.start >= active.end || active.start > horizon) return [];
  const first = periodAt(anchor, term.cadence, timeZone, active.start).index;
  const last = periodAt(anchor, term.cadence, timeZone, Math.min(horizon, active.end)).index;
  const lines: LinePeriods[] = [];
  for (let k = first; k <= last; k++) {
    const full = { start: periodStart(anchor, term.cadence, timeZone, k), end: periodStart(anchor, term.cadence, timeZone, k + 1) };
    const service = overlap(full, active);
    if (service) lines.push(line(grid, term, k - first, service, full));
  }
  return due(lines, until);
}

function line(grid: BillingGrid, term: PriceTerm, index: number, service: Period, full: Period): LinePeriods {
  const whole = periodAt(grid.anchor, grid.billing, grid.timeZone, service.start);
  const billing = { start: Math.max(whole.start, grid.startAt), end: Math.min(whole.end, grid.endAt ?? whole.end) };
  return { index, service, full, billing, dueAt: term.inAdvance ? billing.start : Math.max(service.end, billing.end) };
}

function due(lines: LinePeriods[], until: Instant): LinePeriods[] {
  return lines.filter((each) => each.dueAt <= until);
}
