/** Computes the invoices of a period that ends before its time: what is behind, what was used, what is given back. Writes nothing. */
import type { Context } from "../../context.ts";
import type { Database } from "../../db/pool.ts";
import type { BillingRequest } from "../invoices/prepare.ts";
import { prepareChange } from "../invoices/prepare-change.ts";
import type { Segment } from "../invoices/segment.ts";
import type { Instant } from "../time/instant.ts";
import { periodsBehind } from "./cycle.ts";
import type { SubscriptionRow } from "./store.ts";
import { subjectOf } from "./subject.ts";

export interface Cut {
  at: Instant;
  /** Gives back what was paid for the time after the cut. */
  credit: boolean;
  /** The subscription in its new cycle, whose first period is billed along; null: it ends. */
  next: SubscriptionRow | null;
}

export interface CutPeriod {
  requests: BillingRequest[];
  /** The parts of the period that were served. */
  segments: Segment[];
}

export async function cutPeriod(ctx: Context, db: Database, row: SubscriptionRow, { at, credit, next }: Cut): Promise<CutPeriod> {
  const subject = subjectOf(row);
  const period = { start: row.current_period_start, end: row.current_period_end };
  const { lines, segments: served } = await prepareChange(ctx, db, { subject, period, at, after: null, prorate: credit });
  // Who ends and gets nothing back has paid for the whole allowance.
  const segments = credit || next ? served : served.map((segment) => ({ ...segment, allowanceEnd: at }));
  const closes = at > period.start ? { start: period.start, end: at } : null;
  const ahead = next && { start: next.current_period_start, end: next.current_period_end };
  return {
    segments,
    requests: [
      ...behindRequests(row),
      {
        subject,
        reason: next ? "change" : "final",
        period: ahead ?? closes ?? period,
        closes,
        parts: segments,
        // An end has no next period that what was used at its very instant could belong to.
        throughEnd: next === null && row.status !== "paused",
        extra: lines,
        advances: ahead,
        ...(next ? { ahead: subjectOf(next) } : {}),
      },
    ],
  };
}

/** A subscription that began in the past is behind: each period since then gets its own invoice, in order. */
export function behindRequests(row: SubscriptionRow): BillingRequest[] {
  return periodsBehind(row).map((period) => ({ subject: subjectOf(row), reason: "period", period, closes: period, advances: null }));
}
