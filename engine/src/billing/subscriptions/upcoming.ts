/** The next invoice as it would be: the computation of an issue, without the door. */
import type { Context } from "../../context.ts";
import type { Database } from "../../db/pool.ts";
import { Refusal } from "../../errors.ts";
import type { DraftInvoice } from "../invoices/invoice.ts";
import { type BillingRequest, emptyDraft, prepareInvoices } from "../invoices/prepare.ts";
import type { Instant } from "../time/instant.ts";
import { closePeriod } from "./close-period.ts";
import { cycleAt, isTrialPeriod } from "./cycle.ts";
import { prepareTerms } from "./prepare-terms.ts";
import { scheduledTerms } from "./scheduled-terms.ts";
import { findCurrent, type SubscriptionRow } from "./store.ts";
import { subjectOf } from "./subject.ts";
import { isLive, wrongState } from "./subscription.ts";
import { assertSoldIn, sameInterval, underTerms } from "./terms.ts";

export interface UpcomingInput {
  tenantId: string;
  /** By the tenant's clock. */
  now: Instant;
  seats?: number | undefined;
  plan?: string | undefined;
  /** The invoice of the period that holds this instant, in place of the current one; a change within the current one happens then. */
  at?: Instant | undefined;
}

/** Throws `no_subscription`. Where the next cycle has nothing to bill, the draft has no lines. */
export async function previewUpcoming(ctx: Context, db: Database, input: UpcomingInput): Promise<DraftInvoice> {
  const row = await findCurrent(db, input.tenantId);
  if (!row || !isLive(row.status)) throw new Refusal("no_subscription", "The tenant has no live subscription, so no invoice is coming.");
  if (row.status === "paused") throw wrongState(row.status, ", so no invoice is coming until it is resumed.");
  const terms = await termsOf(ctx, row, input);
  const at = input.at ?? input.now;
  const current = at >= row.current_period_start && at < row.current_period_end;
  const begins = row.status === "incomplete" || isTrialPeriod(row);
  if (terms && current && !begins) return afterChange(ctx, db, row, terms, at);
  const asked = terms ? underTerms(row, terms.plan, terms.seats, begins ? row.cycle_start : row.current_period_end) : row;
  const first = begins && (input.at === undefined || input.at < row.cycle_start);
  const request = first ? await firstOf(ctx, row, asked) : await nextOf(ctx, row, asked, input.at);
  const [draft] = await prepareInvoices(ctx, db, [request]);
  return draft ?? emptyDraft(request);
}

async function termsOf(ctx: Context, row: SubscriptionRow, { plan: key, seats }: UpcomingInput) {
  if (key === undefined && seats === undefined) return null;
  const plan =
    key === undefined
      ? await ctx.catalog.plan(row.plan_key, row.plan_version)
      : (await ctx.catalog.current({ fresh: true })).plans.get(key);
  if (!plan) {
    throw new Refusal("plan_not_found", `There is no plan ${JSON.stringify(key)}.`, {
      faults: [{ path: "plan", message: "names no plan" }],
    });
  }
  assertSoldIn(plan, row.currency);
  return { plan, seats: seats ?? row.seats };
}

/** The change now, on the next invoice: with another interval that is the one it makes, else the one of the period's end. */
async function afterChange(
  ctx: Context,
  db: Database,
  row: SubscriptionRow,
  terms: NonNullable<Awaited<ReturnType<typeof termsOf>>>,
  at: Instant,
): Promise<DraftInvoice> {
  const prepared = await prepareTerms(ctx, db, row, { ...terms, proration: "next_invoice" }, at);
  const closing = closePeriod({ ...prepared.next, scheduled_change: null }, null, false).requests.at(-1)!;
  const request: BillingRequest = sameInterval(row, terms.plan)
    ? { ...closing, parts: prepared.segments.at(-1)!.parts, extra: prepared.pending }
    : prepared.requests.at(-1)!;
  const [draft] = await prepareInvoices(ctx, db, [request]);
  return draft ?? emptyDraft(request);
}

async function firstOf(ctx: Context, row: SubscriptionRow, asked: SubscriptionRow): Promise<BillingRequest> {
  const arranged = asked === row ? await scheduledTerms(ctx, row) : null;
  const first = arranged ? underTerms(row, arranged.plan, arranged.seats, row.cycle_start) : asked;
  const period = cycleAt(first, first.cycle_start);
  return { subject: subjectOf(first), reason: "start", period, closes: null, advances: period };
}

async function nextOf(ctx: Context, row: SubscriptionRow, asked: SubscriptionRow, at: Instant | undefined): Promise<BillingRequest> {
  const current = isTrialPeriod(row) ? cycleAt(row, row.cycle_start) : { start: row.current_period_start, end: row.current_period_end };
  const period = at === undefined ? current : cycleAt(row, Math.max(at, row.cycle_start));
  const seen = { ...asked, current_period_start: period.start, current_period_end: period.end, closed_until: period.start };
  const arranged = asked === row && period.end === row.current_period_end ? await scheduledTerms(ctx, row) : null;
  return closePeriod(seen, arranged, false).requests.at(-1)!;
}
