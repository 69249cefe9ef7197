/**
 * The errand that asks Stripe for what was written down, then takes over what it made. Our id is the key of each call and stands in the
 * metadata of what it makes: whoever died in between is followed by one who finds it there.
 */

import type Stripe from "stripe";
import { ENGINE } from "../../auth/principal.ts";
import type { Command } from "../../billing/subscriptions/processor.ts";
import { deleteTrial, findById, type SubscriptionRow, saveSubscription } from "../../billing/subscriptions/store.ts";
import { whenOf } from "../../billing/subscriptions/terms.ts";
import { sleep, stopwatch } from "../../clock.ts";
import { commit, type Tx } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { Refusal, wordsOf } from "../../errors.ts";
import { refusalOf, StripeRefusal, StripeSilence } from "../../gateways/stripe/client.ts";
import { ours } from "../../gateways/stripe/objects.ts";
import { record } from "../../gateways/stripe/record.ts";
import {
  type CommandRow,
  claimCommand,
  findCommand,
  finishCommand,
  markCommandSent,
  openCommands,
  releaseCommand,
} from "./command-store.ts";
import { mirror } from "./mirror.ts";
import { type StripeParts, soldBy } from "./parts.ts";
import { cancelParams, itemChanges, pauseParams, phases, startParams, updateParams } from "./requests.ts";
import { advanceLink, findLink } from "./store.ts";
import { readSubscription, type SeenSubscription } from "./subscription-shape.ts";

const LEASE_MS = 120_000;
const PATIENCE_MS = 20_000;
const LONGEST_WAIT_MS = 600_000;

/** Asks for it, or waits for whoever does. Throws what Stripe refused, or that nobody answered: then it is asked again later. */
export async function perform(ctx: Context, parts: StripeParts, asked: { pending: string; tenantId: string }): Promise<SubscriptionRow> {
  const waited = stopwatch();
  for (;;) {
    const now = ctx.clock.now();
    const mine = await claimCommand(ctx.pool, asked.pending, asked.tenantId, now, now + LEASE_MS);
    const silence = mine ? await work(ctx, parts, mine) : null;
    if (silence) throw silence;
    const row = await findCommand(onPool(ctx.pool), asked.pending, asked.tenantId);
    if (!row) throw new Error(`the command ${asked.pending} is not there`);
    if (row.status === "failed")
      throw new Refusal(row.code === "payment_failed" ? "payment_failed" : "gateway_error", row.reason ?? "Stripe refused.", {
        extra: { gateway: "stripe", gateway_code: row.code },
      });
    if (row.status === "done") return (await findById(onPool(ctx.pool), asked.tenantId, row.subscription_id))!;
    if (waited() > PATIENCE_MS)
      throw new Refusal(
        "gateway_unavailable",
        "Stripe has not answered yet. It is asked again; what becomes of it is seen on the subscription.",
      );
    await sleep(50);
  }
}

/** Job: what nobody finished. Answers how many were worked on. */
export async function performDue(ctx: Context, parts: StripeParts): Promise<number> {
  const open = await openCommands(ctx.pool, ctx.clock.now(), 50);
  for (const { id, tenant_id } of open) {
    const now = ctx.clock.now();
    const mine = await claimCommand(ctx.pool, id, tenant_id, now, now + LEASE_MS);
    if (mine) await work(ctx, parts, mine);
  }
  return open.length;
}

// Answers what is to be said of a silence; the command stays open then.
async function work(ctx: Context, parts: StripeParts, command: CommandRow): Promise<unknown> {
  try {
    const reference = await send(ctx, parts, command);
    await note(ctx, command, reference);
    await mirror(ctx, parts, { subscription: reference, invoice: null });
    await finish(ctx, command, { status: "done", code: null, reason: null });
    return null;
  } catch (error) {
    if (error instanceof StripeRefusal) {
      await finish(ctx, command, { status: "failed", code: error.declined ? "payment_failed" : error.code, reason: error.message });
      return null;
    }
    const wait = Math.min(2_000 * 2 ** Math.min(command.attempts, 12), LONGEST_WAIT_MS);
    await releaseCommand(ctx.pool, command, wordsOf(error), ctx.clock.now() + wait);
    if (error instanceof Refusal) return error;
    if (!(error instanceof StripeSilence)) throw error;
    ctx.log.warn({ command: command.id, reason: error.message }, "Stripe did not answer what was asked of a subscription");
    return refusalOf(error);
  }
}

async function finish(
  ctx: Context,
  command: CommandRow,
  to: { status: "done" | "failed"; code: string | null; reason: string | null },
): Promise<void> {
  await commit(ctx, { principal: ENGINE, tenantId: command.tenant_id, source: "stripe" }, async (tx) => {
    const mine = await finishCommand(tx, command, { ...to, at: ctx.clock.now() });
    if (mine && to.status === "failed" && command.kind === "start") await giveUp(tx, command, to.reason ?? "Stripe refused it.");
  });
}

/** What Stripe refused to begin has ended before it began. */
async function giveUp(tx: Tx, command: CommandRow, reason: string): Promise<void> {
  const row = await findById(tx, command.tenant_id, command.subscription_id, true);
  if (row?.status !== "incomplete") return;
  await saveSubscription(tx, { ...row, status: "expired", ended_at: tx.now, cancel_reason: "refused" });
  await deleteTrial(tx, row);
  tx.emit({
    type: "subscription.expired",
    tenantId: row.tenant_id,
    subject: row.id,
    summary: `The subscription did not begin: ${reason}`,
    data: { subscription: row.id, plan: row.plan_key, status: "expired", reason: "refused" },
  });
}

/** What only we know of a subscription, and what it is called at Stripe. */
async function note(ctx: Context, command: CommandRow, reference: string): Promise<void> {
  await commit(ctx, { principal: ENGINE, tenantId: command.tenant_id, source: "stripe" }, async (tx) => {
    const link = await findLink(tx, command.subscription_id, command.tenant_id, true);
    const row = await findById(tx, command.tenant_id, command.subscription_id, true);
    if (!link || !row) throw new Error(`the subscription ${command.subscription_id} is not linked`);
    const next = await noted(tx, row, command.input);
    if (next !== row) await saveSubscription(tx, next);
    await advanceLink(tx, { ...link, reference });
  });
}

async function noted(tx: Tx, row: SubscriptionRow, command: Command): Promise<SubscriptionRow> {
  if (command.kind === "update") {
    const autoRenew = command.autoRenew ?? row.auto_renew;
    const billingEmail = command.billingEmail === undefined ? row.billing_email : command.billingEmail;
    const changed = [
      ...(autoRenew === row.auto_renew ? [] : ["auto_renew"]),
      ...(billingEmail === row.billing_email ? [] : ["billing_email"]),
    ];
    if (changed.length === 0) return row;
    tx.emit({
      type: "subscription.updated",
      tenantId: row.tenant_id,
      subject: row.id,
      summary: `Of the subscription changed: ${changed.join(", ")}.`,
      data: { subscription: row.id, plan: row.plan_key, status: row.status, seats: row.seats, changed },
    });
    return { ...row, auto_renew: autoRenew, billing_email: billingEmail };
  }
  if (command.kind === "cancel" && command.reason !== undefined) return { ...row, cancel_reason: command.reason };
  if (command.kind !== "plan" || (await momentOf(tx.ctx, row, command)) === "now") return row;
  const { plan } = await planOf(tx.ctx, command.plan);
  const scheduled = { plan: plan.key, plan_version: plan.version, seats: command.seats ?? null };
  if (row.scheduled_change?.plan === scheduled.plan && row.scheduled_change.seats === scheduled.seats) return row;
  tx.emit({
    type: "subscription.updated",
    tenantId: row.tenant_id,
    subject: row.id,
    summary: `The plan will change to ${plan.key} when the period ends.`,
    data: { subscription: row.id, plan: row.plan_key, status: row.status, seats: row.seats, changed: ["scheduled_change"] },
  });
  return { ...row, scheduled_change: scheduled };
}

async function planOf(ctx: Context, key: string) {
  const plan = (await ctx.catalog.current()).plans.get(key);
  if (!plan) throw new Error(`the plan ${key} is not there any more`);
  return { plan };
}

export async function momentOf(
  ctx: Context,
  row: SubscriptionRow,
  command: Extract<Command, { kind: "plan" }>,
): Promise<"now" | "period_end"> {
  const { plan } = await planOf(ctx, command.plan);
  const current = await ctx.catalog.plan(row.plan_key, row.plan_version);
  return whenOf(command.when ?? "now", row, { plan: current, seats: row.seats }, { plan, seats: command.seats ?? row.seats });
}

/** Answers Stripe's name of the subscription. */
async function send(ctx: Context, parts: StripeParts, command: CommandRow): Promise<string> {
  const db = onPool(ctx.pool);
  const row = await findById(db, command.tenant_id, command.subscription_id);
  const link = await findLink(db, command.subscription_id, command.tenant_id);
  if (!row || !link) throw new Error(`the subscription ${command.subscription_id} is not linked`);
  const { input } = command;
  if (input.kind === "start") return link.reference ?? (await sendStart(ctx, parts, command, input, row));
  if (link.reference === null) throw new StripeSilence("The subscription is not known at Stripe yet.", null);
  await markCommandSent(ctx.pool, command, ctx.clock.now());
  await sendChange(ctx, parts, command, row, link.reference);
  return link.reference;
}

async function sendStart(
  ctx: Context,
  { client, customerOf }: StripeParts,
  command: CommandRow,
  input: Extract<Command, { kind: "start" }>,
  row: SubscriptionRow,
): Promise<string> {
  const customer = await customerOf(ctx, row.tenant_id);
  if (command.sent_at !== null) {
    const known = await client.call("subscriptions.list", "list", (stripe) =>
      stripe.subscriptions.list({ customer, status: "all", limit: 100 }),
    );
    const found = known.data.find((one) => ours(record(one), "subscription") === row.id);
    if (found) return found.id;
  }
  await markCommandSent(ctx.pool, command, ctx.clock.now());
  const plan = await ctx.catalog.plan(row.plan_key, row.plan_version);
  const { book } = await soldBy(ctx, onPool(ctx.pool));
  const anchored = input.billingAnchor !== undefined || input.alignment === "calendar";
  const params = startParams(row, plan, customer, book, { anchored, termDays: ctx.config.paymentTermDays, tax: ctx.config.stripeTax });
  const made = await client.call("subscriptions.create", "subscription", (stripe) =>
    stripe.subscriptions.create(params, { idempotencyKey: command.id }),
  );
  return made.id;
}

async function sendChange(ctx: Context, parts: StripeParts, command: CommandRow, row: SubscriptionRow, reference: string): Promise<void> {
  const { client } = parts;
  const { input } = command;
  const seen = readSubscription(
    record(await client.call("subscriptions.retrieve", "subscription", (stripe) => stripe.subscriptions.retrieve(reference))),
  );
  const update = (params: Stripe.SubscriptionUpdateParams, part = "") =>
    client.call("subscriptions.update", "subscription", (stripe) =>
      stripe.subscriptions.update(reference, params, { idempotencyKey: `${command.id}${part}` }),
    );
  const { book } = await soldBy(ctx, onPool(ctx.pool));
  switch (input.kind) {
    case "start":
      return;
    case "update": {
      if (input.seats !== undefined) {
        const plan = await ctx.catalog.plan(row.plan_key, row.plan_version);
        await update(updateParams(itemChanges(seen, plan, input.seats, row.currency, book), input.proration));
      }
      if (input.autoRenew !== undefined) await update({ cancel_at_period_end: !input.autoRenew }, "-renew");
      return;
    }
    case "plan": {
      const { plan } = await planOf(ctx, input.plan);
      const seats = input.seats ?? row.seats;
      if ((await momentOf(ctx, row, input)) === "period_end")
        return schedule(parts, command, seen, { plan, seats, currency: row.currency, book });
      await release(parts, command, seen);
      await update(updateParams(itemChanges(seen, plan, seats, row.currency, book), input.proration));
      return;
    }
    case "cancel": {
      await release(parts, command, seen);
      if (input.when === "now") {
        if (seen.endedAt === null)
          await client.call("subscriptions.cancel", "subscription", (stripe) =>
            stripe.subscriptions.cancel(reference, cancelParams(input)),
          );
        return;
      }
      await update({
        cancel_at_period_end: true,
        ...(input.reason === undefined ? {} : { cancellation_details: { comment: input.reason } }),
      });
      return;
    }
    case "revoke":
      if (seen.cancelAt !== null) await update({ cancel_at_period_end: false });
      else await release(parts, command, seen);
      return;
    case "pause":
      await update(pauseParams(input.resumesAt));
      return;
    case "resume":
      await update({ pause_collection: "" });
      return;
  }
}

/** Whatever was arranged by a schedule is not any more; the subscription goes on as it is. */
async function release({ client }: StripeParts, command: CommandRow, seen: SeenSubscription): Promise<void> {
  const { schedule: reference } = seen;
  if (reference === null) return;
  await client.call("subscription_schedules.release", "subscription_schedule", (stripe) =>
    stripe.subscriptionSchedules.release(reference, {}, { idempotencyKey: `${command.id}-release` }),
  );
}

async function schedule(
  { client }: StripeParts,
  command: CommandRow,
  seen: SeenSubscription,
  to: { plan: Parameters<typeof phases>[2]; seats: number; currency: string; book: Parameters<typeof phases>[5] },
): Promise<void> {
  const { schedule: known, reference: subscription } = seen;
  const made =
    known === null
      ? await client.call("subscription_schedules.create", "subscription_schedule", (stripe) =>
          stripe.subscriptionSchedules.create({ from_subscription: subscription }, { idempotencyKey: `${command.id}-schedule` }),
        )
      : await client.call("subscription_schedules.retrieve", "subscription_schedule", (stripe) =>
          stripe.subscriptionSchedules.retrieve(known),
        );
  const startOfPhase = (made.current_phase?.start_date ?? Math.floor(seen.period.start / 1_000)) * 1_000;
  const params = phases(seen, startOfPhase, to.plan, to.seats, to.currency, to.book);
  await client.call("subscription_schedules.update", "subscription_schedule", (stripe) =>
    stripe.subscriptionSchedules.update(made.id, params, { idempotencyKey: `${command.id}-phases` }),
  );
}
