/** The next invoice, and what a change would make, by Stripe's own preview in the words of our catalog. */

import type Stripe from "stripe";
import type { Plan } from "../../billing/catalog/plan.ts";
import type { DraftInvoice } from "../../billing/invoices/invoice.ts";
import type { PlanChanged } from "../../billing/subscriptions/change-plan.ts";
import type { Command } from "../../billing/subscriptions/processor.ts";
import { findCurrent, type SubscriptionRow } from "../../billing/subscriptions/store.ts";
import { isLive, wrongState } from "../../billing/subscriptions/subscription.ts";
import { assertSoldIn } from "../../billing/subscriptions/terms.ts";
import type { UpcomingInput } from "../../billing/subscriptions/upcoming.ts";
import type { TenantRef } from "../../billing/tenants/cache.ts";
import type { Instant } from "../../billing/time/instant.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { invalidField, Refusal } from "../../errors.ts";
import { refusalOf } from "../../gateways/stripe/client.ts";
import { record } from "../../gateways/stripe/record.ts";
import { onSale } from "./ask.ts";
import { linesOf } from "./bill-lines.ts";
import { readInvoice } from "./invoice-shape.ts";
import { type StripeParts, soldBy } from "./parts.ts";
import { momentOf } from "./perform.ts";
import { itemsOf } from "./price-book.ts";
import { itemChanges, prorationOf } from "./requests.ts";
import { findLink } from "./store.ts";
import { readSubscription } from "./subscription-shape.ts";

interface Change {
  plan: Plan;
  seats: number;
  proration: ReturnType<typeof prorationOf>;
  at: Instant | undefined;
}

/** Throws `no_subscription`, or what Stripe says. */
export async function upcoming(ctx: Context, parts: StripeParts, input: UpcomingInput): Promise<DraftInvoice> {
  const { row, reference } = await linked(ctx, input.tenantId);
  if (row.status === "paused") throw wrongState(row.status, ", so no invoice is coming until it is resumed.");
  const asked = input.plan !== undefined || input.seats !== undefined;
  const plan = input.plan === undefined ? await ctx.catalog.plan(row.plan_key, row.plan_version) : await onSale({ ctx }, input.plan);
  const change = asked ? { plan, seats: input.seats ?? row.seats, proration: "create_prorations" as const, at: input.at } : null;
  return preview(ctx, parts, row, reference, change);
}

/** The lines of a change now; of one at the end of the period, what the next is sold for. */
export async function previewChange(
  ctx: Context,
  parts: StripeParts,
  tenant: TenantRef,
  command: Extract<Command, { kind: "plan" }>,
): Promise<PlanChanged> {
  const { row, reference } = await linked(ctx, tenant.id);
  const plan = await onSale({ ctx }, command.plan);
  assertSoldIn(plan, row.currency);
  const seats = command.seats ?? row.seats;
  const when = await momentOf(ctx, row, command);
  if (when === "period_end") {
    const next = await preview(ctx, parts, row, reference, { plan, seats, proration: "none", at: undefined });
    return {
      row: { ...row, scheduled_change: { plan: plan.key, plan_version: plan.version, seats } },
      when,
      effectiveAt: row.current_period_end,
      lines: next.lines,
    };
  }
  const draft = await preview(ctx, parts, row, reference, { plan, seats, proration: prorationOf(command.proration), at: undefined });
  const lines = command.proration === "none" ? [] : draft.lines.filter((line) => line.proration);
  return {
    row: { ...row, plan_key: plan.key, plan_version: plan.version, seats },
    when,
    effectiveAt: await ctx.tenants.now(tenant),
    lines,
  };
}

async function linked(ctx: Context, tenantId: string): Promise<{ row: SubscriptionRow; reference: string }> {
  const db = onPool(ctx.pool);
  const row = await findCurrent(db, tenantId);
  if (!row || !isLive(row.status)) throw new Refusal("no_subscription", "The tenant has no live subscription, so no invoice is coming.");
  const link = await findLink(db, row.id, tenantId);
  if (!link?.reference) throw wrongState(row.status, ", and Stripe has not answered yet what it is called there.");
  return { row, reference: link.reference };
}

async function preview(
  ctx: Context,
  { client }: StripeParts,
  row: SubscriptionRow,
  reference: string,
  change: Change | null,
): Promise<DraftInvoice> {
  const { book, plans } = await soldBy(ctx, onPool(ctx.pool));
  try {
    const details = change ? await detailsOf(client, row, reference, change, book) : null;
    const made = await client.call("invoices.create_preview", "invoice", (stripe) =>
      stripe.invoices.createPreview({ subscription: reference, ...(details ? { subscription_details: details } : {}) }),
    );
    const seen = readInvoice({ ...record(made), id: "preview" });
    return {
      tenantId: row.tenant_id,
      testClockId: row.test_clock_id,
      subscriptionId: row.id,
      reason: seen.reason === "manual" ? "period" : seen.reason,
      period: seen.period,
      currency: seen.currency,
      collection: seen.collection,
      gateway: "stripe",
      lines: linesOf(seen.lines, book, plans, seen.currency),
    };
  } catch (error) {
    throw refusalOf(error);
  }
}

async function detailsOf(
  client: StripeParts["client"],
  row: SubscriptionRow,
  reference: string,
  { plan, seats, proration, at }: Change,
  book: Awaited<ReturnType<typeof soldBy>>["book"],
): Promise<Stripe.InvoiceCreatePreviewParams.SubscriptionDetails> {
  const { missing } = itemsOf(book, plan, seats, row.currency);
  if (missing.length > 0) throw invalidField("plan", `has no price at Stripe for ${missing.join(", ")}`);
  const seen = readSubscription(
    record(await client.call("subscriptions.retrieve", "subscription", (stripe) => stripe.subscriptions.retrieve(reference))),
  );
  return {
    items: itemChanges(seen, plan, seats, row.currency, book),
    proration_behavior: proration,
    ...(at === undefined ? {} : { proration_date: Math.floor(at / 1_000) }),
  };
}
