/** Changes what may be changed in place: seats, whether it renews, where invoices go. */
import type { Tx } from "../../commit.ts";
import type { Plan } from "../catalog/plan.ts";
import { announceUpdate } from "./announce.ts";
import { applyTerms } from "./apply-terms.ts";
import { dueAt, isTrialPeriod } from "./cycle.ts";
import { lockLive } from "./lock-current.ts";
import { prepareTerms } from "./prepare-terms.ts";
import { type SubscriptionRow, saveSubscription } from "./store.ts";
import { wrongState } from "./subscription.ts";
import type { Proration } from "./terms.ts";

export interface UpdateInput {
  tenantId: string;
  seats?: number | undefined;
  proration?: Proration | undefined;
  autoRenew?: boolean | undefined;
  billingEmail?: string | null | undefined;
}

export async function updateSubscription(tx: Tx, input: UpdateInput): Promise<SubscriptionRow> {
  const row = await lockLive(tx, input.tenantId);
  const plain: SubscriptionRow = {
    ...row,
    auto_renew: input.autoRenew ?? row.auto_renew,
    billing_email: input.billingEmail === undefined ? row.billing_email : input.billingEmail,
  };
  const changed = [
    ...(plain.auto_renew === row.auto_renew ? [] : ["auto_renew"]),
    ...(plain.billing_email === row.billing_email ? [] : ["billing_email"]),
  ];
  if (input.seats !== undefined && row.status === "paused") throw wrongState(row.status, ", so its seats cannot change; resume it first.");
  const plan = await tx.ctx.catalog.plan(row.plan_key, row.plan_version);
  const asked = withSeats(plain, input.seats, plan);
  if (asked.scheduled_change !== plain.scheduled_change) changed.push("scheduled_change");
  const now = asked.seats !== row.seats;
  if (now) changed.push("seats");
  if (changed.length === 0) return row;
  const announce = (after: SubscriptionRow) => announceUpdate(tx, after, `Of the subscription changed: ${changed.join(", ")}.`, changed);
  if (!now) {
    const next = { ...asked, due_at: dueAt(asked) };
    await saveSubscription(tx, next);
    announce(next);
    return next;
  }
  const { seats } = asked;
  const unchanged = { ...asked, seats: row.seats };
  const prepared = await prepareTerms(tx.ctx, tx, unchanged, { plan, seats, proration: input.proration ?? "invoice_now" }, tx.now);
  // A change of plan that was arranged stays arranged.
  const next = { ...prepared.next, scheduled_change: asked.scheduled_change };
  await applyTerms(tx, row, { ...prepared, next }, () => announce(next));
  return next;
}

/** Fewer seats wait for the end of the period where the plan says so; whatever was arranged for seats before is replaced. */
function withSeats(row: SubscriptionRow, seats: number | undefined, plan: Plan): SubscriptionRow {
  if (seats === undefined) return row;
  const before = row.scheduled_change;
  const waits = seats < row.seats && plan.seatDecrease === "period_end" && row.status !== "incomplete" && !isTrialPeriod(row);
  if (waits) {
    if (before?.seats === seats) return row;
    return { ...row, scheduled_change: { plan: before?.plan ?? null, plan_version: before?.plan_version ?? null, seats } };
  }
  const rest = before && before.seats !== null ? (before.plan === null ? null : { ...before, seats: null }) : before;
  return { ...row, seats, scheduled_change: rest };
}
