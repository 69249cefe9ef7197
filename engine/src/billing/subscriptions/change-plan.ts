/** Changes the plan, now or when the period ends. A dry run answers the lines that it would make, and stores nothing. */
import type { Tx } from "../../commit.ts";
import { Refusal } from "../../errors.ts";
import type { Plan } from "../catalog/plan.ts";
import type { DraftLine } from "../invoices/invoice.ts";
import { prepareInvoices } from "../invoices/prepare.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import { announcePlanChange, announceUpdate } from "./announce.ts";
import { applyTerms } from "./apply-terms.ts";
import { cycleAt, endsAt } from "./cycle.ts";
import { lockLive } from "./lock-current.ts";
import { prepareTerms } from "./prepare-terms.ts";
import { type SubscriptionRow, saveSubscription } from "./store.ts";
import { subjectOf } from "./subject.ts";
import { wrongState } from "./subscription.ts";
import { assertSoldIn, type Proration, underTerms, type When, whenOf } from "./terms.ts";

export interface ChangePlanInput {
  tenantId: string;
  plan: string;
  seats?: number | undefined;
  when?: When | undefined;
  proration?: Proration | undefined;
  dryRun?: boolean | undefined;
}

export interface PlanChanged {
  row: SubscriptionRow;
  when: "now" | "period_end";
  effectiveAt: Instant;
  /** What it makes, on whichever invoice. */
  lines: DraftLine[];
}

export async function changePlan(tx: Tx, input: ChangePlanInput): Promise<PlanChanged> {
  const row = await lockLive(tx, input.tenantId);
  if (row.status === "paused") throw wrongState(row.status, ", so its plan cannot change; resume it first.");
  const plan = await planOnSale(tx, input.plan, row);
  assertSoldIn(plan, row.currency);
  const seats = input.seats ?? row.seats;
  const current = await tx.ctx.catalog.plan(row.plan_key, row.plan_version);
  const when = whenOf(input.when ?? "now", row, { plan: current, seats: row.seats }, { plan, seats });
  return when === "now" ? changeNow(tx, row, plan, seats, input) : arrange(tx, row, plan, input.seats ?? null, input.dryRun === true);
}

async function changeNow(tx: Tx, row: SubscriptionRow, plan: Plan, seats: number, input: ChangePlanInput): Promise<PlanChanged> {
  const proration = input.proration ?? "invoice_now";
  const answer = { when: "now" as const, effectiveAt: tx.now };
  const same = plan.key === row.plan_key && plan.version === row.plan_version && seats === row.seats;
  if (same) {
    if (!input.dryRun && row.scheduled_change) await forget(tx, row);
    return { ...answer, row: { ...row, scheduled_change: null }, lines: [] };
  }
  const prepared = await prepareTerms(tx.ctx, tx, row, { plan, seats, proration }, tx.now);
  if (input.dryRun) {
    const drafts = await prepareInvoices(tx.ctx, tx, prepared.requests);
    const lines = [...drafts.flatMap((draft) => draft?.lines ?? []), ...prepared.pending];
    return { ...answer, row: prepared.next, lines };
  }
  await applyTerms(tx, row, prepared, () => {
    if (prepared.endsTrial) {
      tx.emit({
        type: "subscription.trial_ended",
        tenantId: row.tenant_id,
        subject: row.id,
        summary: "The trial ended: the tenant has had one of the new plan.",
        data: { subscription: row.id, plan: plan.key, status: prepared.next.status },
      });
    }
    announcePlanChange(tx, row, prepared.next, proration);
  });
  return { ...answer, row: prepared.next, lines: [] };
}

// What was arranged before is replaced. The plan as it is, arranged, is nothing to do: so a change is taken back.
async function arrange(tx: Tx, row: SubscriptionRow, plan: Plan, seats: number | null, dryRun: boolean): Promise<PlanChanged> {
  const ends = endsAt(row);
  if (ends !== null) throw wrongState(row.status, ` and ends at ${formatInstant(ends)}, so no plan can follow; let it go on first.`);
  const answer = { when: "period_end" as const, effectiveAt: row.current_period_end };
  const stays = plan.key === row.plan_key && plan.version === row.plan_version && (seats === null || seats === row.seats);
  if (stays) {
    if (!dryRun && row.scheduled_change) await forget(tx, row);
    return { ...answer, row: { ...row, scheduled_change: null }, lines: [] };
  }
  const next = { ...row, scheduled_change: { plan: plan.key, plan_version: plan.version, seats } };
  if (dryRun) return { ...answer, row: next, lines: await linesAhead(tx, row, plan, seats ?? row.seats) };
  await saveSubscription(tx, next);
  announceUpdate(tx, next, `The plan will change to ${plan.key} at ${formatInstant(row.current_period_end)}.`, ["scheduled_change"]);
  return { ...answer, row: next, lines: [] };
}

/** What the next period is sold for under the plan. */
async function linesAhead(tx: Tx, row: SubscriptionRow, plan: Plan, seats: number): Promise<DraftLine[]> {
  const next = underTerms(row, plan, seats, row.current_period_end);
  const ahead = cycleAt(next, row.current_period_end);
  const [draft] = await prepareInvoices(tx.ctx, tx, [
    { subject: subjectOf(next), reason: "advance", period: ahead, closes: null, advances: ahead },
  ]);
  return (draft?.lines ?? []).filter((line) => line.pendingId === undefined);
}

async function forget(tx: Tx, row: SubscriptionRow): Promise<void> {
  const next = { ...row, scheduled_change: null };
  await saveSubscription(tx, next);
  announceUpdate(tx, next, "The change that was arranged for the end of the period was taken back.", ["scheduled_change"]);
}

async function planOnSale(tx: Tx, key: string, row: SubscriptionRow): Promise<Plan> {
  const { plans } = await tx.ctx.catalog.current({ fresh: true });
  const plan = plans.get(key);
  // Who has an archived plan may name it, to take back a change or to change seats with it.
  if (plan && (!plan.archived || plan.key === row.plan_key)) return plan;
  throw new Refusal("plan_not_found", `There is no plan ${JSON.stringify(key)} on sale.`, {
    faults: [{ path: "plan", message: "names no plan" }],
  });
}
