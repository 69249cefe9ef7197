/**
 * What falls due: a start in the future arrives, a trial ends, a period closes and the next begins, a subscription that does
 * not renew ends. Due work is found in data, in chunks, each one write; workers take different rows and never collide.
 */
import { ENGINE } from "../../auth/principal.ts";
import { commit, type Tx } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { issueInvoices } from "../invoices/issue.ts";
import { type BillingRequest, prepareInvoices } from "../invoices/prepare.ts";
import { findPeriodInvoices } from "../invoices/store.ts";
import type { Instant } from "../time/instant.ts";
import { type Period, servicePeriodAt } from "../time/period.ts";
import { billStart } from "./start.ts";
import { lockDue, type SubscriptionRow, updateCycles } from "./store.ts";
import { subjectOf } from "./subject.ts";

export const CHUNK = 500;

export interface RenewInput {
  /** What is due at or before this instant; it is also the `now` of the write. */
  now: Instant;
  /** Only subscriptions on this test clock; null: only those on the system's clock. */
  testClockId: string | null;
  chunk?: number;
}

/** Works until nothing is due. Answers how many periods it moved. */
export async function renewDue(ctx: Context, input: RenewInput, onChunk?: (moved: number) => void): Promise<number> {
  let moved = 0;
  for (;;) {
    const count = await commit(ctx, { principal: ENGINE, now: input.now }, (tx) => renewChunk(tx, input));
    if (count === 0) return moved;
    moved += count;
    onChunk?.(moved);
  }
}

/** One chunk, one write: the action behind `renewDue`. */
export async function renewChunk(tx: Tx, input: RenewInput): Promise<number> {
  const rows = await lockDue(tx, input.now, input.testClockId, input.chunk ?? CHUNK);
  if (rows.length === 0) return 0;
  const begun = rows.filter((row) => row.status === "incomplete" || row.status === "trialing").map((row) => begin(tx, row));
  const closing = rows.filter((row) => row.status !== "incomplete" && row.status !== "trialing");
  const requests: BillingRequest[] = [];
  const closed = await closedByHand(tx, closing);
  const after = closing.map((row) => {
    const { next, asked } = close(row, closed.has(row.id));
    requests.push(...asked);
    return next;
  });
  // State first: the index of live subscriptions must hold when invoices refer to it.
  await updateCycles(tx, [...begun, ...after]);
  await billStart(
    tx,
    begun.filter((row) => row.status === "active"),
  );
  await issueInvoices(
    tx,
    (await prepareInvoices(tx.ctx, tx, requests)).filter((draft) => draft !== null),
  );
  after.forEach((row, index) => {
    announce(tx, closing[index]!, row);
  });
  return rows.length;
}

// A future start arrives, or a trial ends: the first period that is paid for begins.
function begin(tx: Tx, row: SubscriptionRow): SubscriptionRow {
  const arrives = row.status === "incomplete";
  if (arrives && row.trial_end !== null && row.trial_end > tx.now) {
    return { ...row, status: "trialing", due_at: row.trial_end };
  }
  const from = row.trial_end ?? row.started_at;
  const period = cycleAt(row, from, from);
  const next: SubscriptionRow = {
    ...row,
    status: "active",
    current_period_start: period.start,
    current_period_end: period.end,
    closed_until: from,
    due_at: period.end,
  };
  tx.emit({
    type: arrives ? "subscription.updated" : "subscription.trial_ended",
    tenantId: row.tenant_id,
    subject: row.id,
    summary: arrives ? "The subscription became active." : "The trial ended and the subscription became active.",
    data: { subscription: row.id, plan: row.plan_key, status: next.status },
  });
  return next;
}

function close(row: SubscriptionRow, byHand: boolean): { next: SubscriptionRow; asked: BillingRequest[] } {
  const subject = subjectOf(row);
  const asked: BillingRequest[] = [];
  // A subscription that began in the past is behind: each period since then gets its own invoice, in order.
  let from = row.closed_until;
  while (from < row.current_period_start) {
    const period = cycleAt(row, row.trial_end ?? row.started_at, from);
    asked.push({ subject, reason: "period", period, closes: period, advances: null });
    from = period.end;
  }
  const period = { start: row.current_period_start, end: row.current_period_end };
  const ends = !row.auto_renew || (row.cancel_at !== null && row.cancel_at <= period.end);
  if (ends) {
    asked.push({ subject, reason: "period", period, closes: period, advances: null });
    const status = row.cancel_at === null ? "expired" : "canceled";
    return { next: { ...row, status, closed_until: period.end, ended_at: period.end, due_at: null }, asked };
  }
  const ahead = cycleAt(row, row.trial_end ?? row.started_at, period.end);
  asked.push(
    byHand
      ? { subject, reason: "advance", period: ahead, closes: period, advances: ahead }
      : { subject, reason: "period", period, closes: period, advances: ahead },
  );
  return {
    next: { ...row, current_period_start: ahead.start, current_period_end: ahead.end, closed_until: period.end, due_at: ahead.end },
    asked,
  };
}

async function closedByHand(tx: Tx, rows: readonly SubscriptionRow[]): Promise<Set<string>> {
  const found = await findPeriodInvoices(
    tx,
    rows.map((row) => ({ tenantId: row.tenant_id, subscriptionId: row.id, periodStart: row.current_period_start })),
  );
  return new Set(found.map((invoice) => invoice.subscription_id ?? ""));
}

export function cycleAt(row: SubscriptionRow, startAt: Instant, at: Instant): Period {
  const { start, end } = servicePeriodAt(startAt, row.anchor_at, { unit: row.interval_unit, count: row.interval_count }, row.time_zone, at);
  return { start, end };
}

function announce(tx: Tx, before: SubscriptionRow, after: SubscriptionRow): void {
  const about = { tenantId: after.tenant_id, subject: after.id };
  const data = { subscription: after.id, plan: after.plan_key, status: after.status };
  if (after.status === before.status) {
    tx.emit({ type: "subscription.renewed", ...about, summary: "A period was closed and the next one began.", data });
  } else if (after.status === "canceled") {
    tx.emit({ type: "subscription.canceled", ...about, summary: "The subscription was canceled at the end of its period.", data });
  } else {
    tx.emit({ type: "subscription.expired", ...about, summary: "The subscription ended: it was not to be renewed.", data });
  }
}
