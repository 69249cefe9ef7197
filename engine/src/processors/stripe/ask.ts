/** Within the write: is it allowed, can Stripe do it, and written down. Nothing is asked of Stripe yet. */
import type { Plan } from "../../billing/catalog/plan.ts";
import type { Command } from "../../billing/subscriptions/processor.ts";
import { alreadySubscribed, firstState, type StartInput } from "../../billing/subscriptions/start.ts";
import { findCurrent, insertSubscription, type SubscriptionRow } from "../../billing/subscriptions/store.ts";
import { assertMove, isLive, wrongState } from "../../billing/subscriptions/subscription.ts";
import { assertSoldIn } from "../../billing/subscriptions/terms.ts";
import type { TenantRef } from "../../billing/tenants/cache.ts";
import { formatInstant } from "../../billing/time/instant.ts";
import type { Tx } from "../../commit.ts";
import { invalidField, Refusal } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { insertCommand } from "./command-store.ts";
import { soldBy } from "./parts.ts";
import { itemsOf, type SoldItem } from "./price-book.ts";
import { insertLink } from "./store.ts";

/** Answers the id of the command. */
export async function ask(tx: Tx, tenant: TenantRef, command: Command): Promise<string> {
  const row = command.kind === "start" ? await begin(tx, { ...command, tenant }) : await allowed(tx, tenant.id, command);
  const id = newId("processorCommand");
  if (!(await insertCommand(tx, { id, tenantId: tenant.id, subscriptionId: row.id, input: command })))
    throw new Refusal("conflict", "Stripe is being asked for something else of this subscription; what becomes of that comes first.");
  // Should this process not live to ask.
  tx.enqueue({ name: "processor-due", key: "processor-due" });
  return id;
}

async function begin(tx: Tx, input: StartInput): Promise<SubscriptionRow> {
  const plan = await onSale(tx, input.plan);
  refuseWhatStripeCannot(tx, input);
  const current = await findCurrent(tx, input.tenant.id, true);
  if (current && isLive(current.status)) throw alreadySubscribed(current);
  const first = await firstState(tx, { ...input, gateway: undefined }, plan);
  const row = { ...first, gateway: "stripe", status: "incomplete" as const, processor: "stripe" as const, due_at: null };
  await assertPriced(tx, plan, row.seats, row.currency);
  if (!(await insertSubscription(tx, row))) throw alreadySubscribed(null);
  await insertLink(tx, { subscription_id: row.id, tenant_id: row.tenant_id, reference: null, customer: null });
  return { ...row, tenant_no: input.tenant.no };
}

function refuseWhatStripeCannot(tx: Tx, input: StartInput): void {
  if (input.startAt !== undefined && input.startAt !== tx.now)
    throw invalidField("start_at", "cannot be said with processor stripe: it starts at once");
  if (input.coupon !== undefined) throw invalidField("coupon", "is the engine's own; give the discount at Stripe");
  if (input.gateway !== undefined && input.gateway !== "stripe") throw invalidField("gateway", "is stripe where stripe is the processor");
}

async function allowed(tx: Tx, tenantId: string, command: Exclude<Command, { kind: "start" }>): Promise<SubscriptionRow> {
  const row = await findCurrent(tx, tenantId, true);
  if (!row) throw new Refusal("no_subscription", "The tenant has no subscription.");
  if (!isLive(row.status)) throw wrongState(row.status, ": it has ended, and nothing of it can change; start a new one.");
  switch (command.kind) {
    case "update":
      if (command.seats !== undefined) await assertSeats(tx, row);
      break;
    case "plan":
      await assertPlan(tx, row, command);
      break;
    case "cancel":
      if ((command.when ?? "period_end") === "period_end" && command.refundUnused)
        throw invalidField("refund_unused", "needs when: now; at the end of the period nothing is unused");
      break;
    case "revoke":
      if (row.cancel_at === null && !row.scheduled_change)
        throw wrongState(row.status, " and nothing is arranged for the end of its period, so there is nothing to revoke.");
      break;
    case "pause":
      assertMove(row.status, "paused");
      if (command.resumesAt !== null && command.resumesAt <= tx.now) throw invalidField("resumes_at", "must lie in the future");
      if (row.cancel_at !== null)
        throw wrongState(row.status, ` and ends at ${formatInstant(row.cancel_at)}; revoke that before it is paused.`);
      break;
    case "resume":
      if (row.status !== "paused") throw wrongState(row.status, ", not paused, so it cannot be resumed.");
      break;
  }
  return row;
}

async function assertSeats(tx: Tx, row: SubscriptionRow): Promise<void> {
  if (row.status === "paused") throw wrongState(row.status, ", so its seats cannot change; resume it first.");
  await assertPriced(tx, await tx.ctx.catalog.plan(row.plan_key, row.plan_version), row.seats, row.currency);
}

async function assertPlan(tx: Tx, row: SubscriptionRow, command: Extract<Command, { kind: "plan" }>): Promise<void> {
  if (row.status === "paused" || row.status === "incomplete") throw wrongState(row.status, ", so its plan cannot change.");
  const plan = await onSale(tx, command.plan);
  assertSoldIn(plan, row.currency);
  await assertPriced(tx, plan, command.seats ?? row.seats, row.currency);
}

export async function onSale(tx: Pick<Tx, "ctx">, key: string): Promise<Plan> {
  const plan = (await tx.ctx.catalog.current({ fresh: true })).plans.get(key);
  if (plan && !plan.archived) return plan;
  throw new Refusal("plan_not_found", `There is no plan ${JSON.stringify(key)} on sale.`, {
    faults: [{ path: "plan", message: "names no plan" }],
  });
}

/** What is sold of it there. */
export async function assertPriced(tx: Tx, plan: Plan, seats: number, currency: string): Promise<SoldItem[]> {
  const { book } = await soldBy(tx.ctx, tx);
  const { items, missing } = itemsOf(book, plan, seats, currency);
  if (missing.length > 0)
    throw invalidField(
      "plan",
      `has no price at Stripe for ${missing.join(", ")}: run billwright stripe sync, or say which in processor_prices`,
    );
  if (items.length === 0) throw invalidField("plan", "has no price, so Stripe has nothing to run; use processor engine");
  return items;
}
