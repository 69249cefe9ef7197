/** Computes what a change of plan or seats within a period makes: its lines, and the parts that the period now has. Nothing is written. */
import type { Context } from "../../context.ts";
import type { Database } from "../../db/pool.ts";
import type { Instant } from "../time/instant.ts";
import { fullPeriodAt, type Period } from "../time/period.ts";
import { pendingAsBilled, readBilledLines } from "./billed.ts";
import { changeLines, type Sold } from "./change-lines.ts";
import type { DraftLine } from "./invoice.ts";
import { readPending } from "./pending-store.ts";
import type { Subject } from "./prepare.ts";
import { changeSegments, cutSegments, type Segment, type Terms, wholeSegment } from "./segment.ts";
import { readSegments } from "./segment-store.ts";

export interface ChangeRequest {
  /** As it was until the change. */
  subject: Subject;
  /** The period that runs, whole. */
  period: Period;
  at: Instant;
  /** What is in force from then on; null: the period is cut. */
  after: Terms | null;
  /** False: nothing is credited or charged; until its end the period stays as it was sold. */
  prorate: boolean;
}

export interface PreparedChange {
  lines: DraftLine[];
  segments: Segment[];
}

export async function prepareChange(ctx: Context, db: Database, request: ChangeRequest): Promise<PreparedChange> {
  const { subject, period, at, after, prorate } = request;
  const subscriptionId = subject.subscriptionId ?? "";
  const ask = { subscriptionId, tenantId: subject.tenantId, since: period.start };
  const known = ((await readSegments(db, [ask])).get(subscriptionId) ?? []).filter((segment) => segment.period.start === period.start);
  const before = known.length > 0 ? known : [wholeSegment(period, fullOf(subject, period), termsOf(subject))];
  const segments = after ? changeSegments(before, at, after, prorate) : cutSegments(before, at);
  if (!prorate) return { lines: [], segments };
  const pending = (await readPending(db, [ask])).get(subscriptionId) ?? [];
  const billed = [...((await readBilledLines(db, [ask])).get(subscriptionId) ?? []), ...pending.map(pendingAsBilled)];
  const sold: Sold[] = [];
  for (const { service, full, sold: terms } of before) sold.push({ service, full, ...(await soldOf(ctx, terms)) });
  const next = after && (await soldOf(ctx, after));
  const { currency, timeZone } = subject;
  return { lines: changeLines({ before: sold, at, after: next, currency, timeZone, billed }), segments };
}

function termsOf({ planKey, planVersion, seats }: Subject): Terms {
  return { planKey, planVersion, seats };
}

function fullOf(subject: Subject, period: Period): Period {
  return fullPeriodAt(subject.anchorAt, subject.interval, subject.timeZone, period.start);
}

async function soldOf(ctx: Context, { planKey, planVersion, seats }: Terms) {
  return { plan: await ctx.catalog.plan(planKey, planVersion), seats };
}
