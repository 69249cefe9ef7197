/** The parts of the period that an invoice closes, each with its plans, and how much of usage prices each takes. */
import type { Context } from "../../context.ts";
import type { Plan } from "../catalog/plan.ts";
import { fullPeriodAt, type Period } from "../time/period.ts";
import { type Share, share } from "../time/proration.ts";
import type { LineContext } from "./line.ts";
import type { BillingRequest, Subject } from "./prepare.ts";
import { type Segment, wholeSegment } from "./segment.ts";

export interface Part {
  segment: Segment;
  inForce: Plan;
  sold: Plan;
  /** Of what was used: under the plan in force. */
  usage: LineContext;
  /** Of the time itself: as it was sold. */
  recurring: LineContext;
}

/** Given parts, else those that are stored, else the period as one. */
export async function partsOf(ctx: Context, request: BillingRequest, stored: readonly Segment[]): Promise<Part[]> {
  const { closes, subject } = request;
  if (!closes) return [];
  if (request.parts?.length === 0) return [];
  const known = request.parts ?? stored.filter((segment) => segment.period.start === closes.start);
  const segments = known.length > 0 ? known : [wholeSegment(closes, fullPeriodOf(subject, closes), subject)];
  const parts: Part[] = [];
  for (const segment of segments) {
    const inForce = await ctx.catalog.plan(segment.inForce.planKey, segment.inForce.planVersion);
    const sold = await ctx.catalog.plan(segment.sold.planKey, segment.sold.planVersion);
    const cut = shareOf(segment);
    parts.push({
      segment,
      inForce,
      sold,
      usage: { ...aboutOf(subject, inForce, segment, segment.inForce.seats), ...(cut ? { parts: cut } : {}) },
      recurring: aboutOf(subject, sold, segment, segment.sold.seats),
    });
  }
  return parts;
}

export function aboutOf(
  { timeZone }: Pick<Subject, "timeZone">,
  plan: Plan,
  { service, full }: { service: Period; full: Period },
  seats: number,
): LineContext {
  return { planKey: plan.key, planVersion: plan.version, seats, service, full, prorationUnit: plan.prorationUnit, timeZone };
}

/** The whole period around the one that is served. What was before the last change of interval is taken as it was served. */
export function fullPeriodOf(subject: Subject, service: Period): Period {
  if (service.start < subject.cycleStart) return service;
  return fullPeriodAt(subject.anchorAt, subject.interval, subject.timeZone, service.start);
}

/** What of a whole period's allowance, and of its level, a part has; null: all of both. */
export function shareOf({ service, period, allowanceEnd }: Segment): LineContext["parts"] | null {
  const allowance = partOf(service, { start: period.start, end: allowanceEnd ?? period.end });
  const level = partOf(service, period);
  return allowance || level ? { allowance, level } : null;
}

/** By the second, whatever the plan prorates by: it divides what was used, not what was sold. */
export function partOf(service: Period, whole: Period): Share | null {
  if (service.start === whole.start && service.end === whole.end) return null;
  const part = share(service, whole, "second", "UTC");
  return part.num === part.den ? null : part;
}
