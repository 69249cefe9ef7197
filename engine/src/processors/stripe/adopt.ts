/** A subscription at Stripe that is not linked yet: ours, whose answer was lost or is still on its way; or one that was made there for a customer of ours. */
import { ENGINE } from "../../auth/principal.ts";
import { settleCheckout } from "../../billing/payments/settle-checkout.ts";
import { findCurrent, insertSubscription, type SubscriptionRow } from "../../billing/subscriptions/store.ts";
import { isLive } from "../../billing/subscriptions/subscription.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { OURS } from "../../gateways/stripe/objects.ts";
import { isId, newId } from "../../ids.ts";
import { type StripeParts, soldBy } from "./parts.ts";
import { soldAs } from "./price-book.ts";
import { findLink, insertLink, type LinkRow, locateLink } from "./store.ts";
import type { SeenSubscription } from "./subscription-shape.ts";

/** A text says why it is nobody's here. */
export async function adopt(ctx: Context, parts: StripeParts, seen: SeenSubscription): Promise<LinkRow | string> {
  const own = seen.metadata[OURS.subscription];
  const link = own === undefined ? null : await locateLink(ctx.pool, "subscription_id", own);
  if (link && (link.reference === null || link.reference === seen.reference)) return link;
  const checkout = seen.metadata[OURS.checkout];
  if (checkout !== undefined) return byCheckout(ctx, checkout, seen);
  if (!isLive(seen.status)) return "The subscription was over before it was known here.";
  const tenant = await ctx.tenants.find(seen.metadata[OURS.tenant] ?? (await parts.tenantOf(ctx, seen.customer)) ?? "");
  if (!tenant) return "The subscription is of no tenant here.";
  const { book, plans } = await soldBy(ctx);
  const sold = soldAs(book, seen.items, plans);
  if (!sold) return "The prices of the subscription are of no plan here.";
  const { plan } = sold;
  if (!plan.currencies.includes(seen.currency)) return `The plan ${plan.key} is not sold in ${seen.currency}.`;
  return commit(ctx, { principal: ENGINE, tenantId: tenant.id, source: "stripe" }, async (tx) => {
    const live = await findCurrent(tx, tenant.id, true);
    if (live && isLive(live.status)) {
      const linked = await findLink(tx, live.id, tenant.id);
      return linked?.reference === seen.reference ? linked : `The tenant has a live subscription already (${live.id}).`;
    }
    const row: Omit<SubscriptionRow, "tenant_no"> = {
      id: newId("subscription"),
      tenant_id: tenant.id,
      test_clock_id: tenant.testClockId,
      plan_key: plan.key,
      plan_version: sold.version ?? plan.version,
      status: "incomplete",
      currency: seen.currency,
      seats: sold.seats ?? 1,
      processor: "stripe",
      gateway: "stripe",
      collection: seen.collection,
      interval_unit: plan.interval.unit,
      interval_count: plan.interval.count,
      time_zone: tenant.timeZone,
      anchor_at: seen.anchorAt,
      cycle_start: seen.period.start,
      started_at: seen.startedAt,
      current_period_start: seen.period.start,
      current_period_end: seen.period.end,
      closed_until: seen.period.start,
      usage_from: null,
      trial_end: seen.trialEnd,
      trial_warned: false,
      cancel_at: null,
      canceled_at: null,
      cancel_reason: null,
      ended_at: null,
      pause: null,
      scheduled_change: null,
      grace_until: null,
      auto_renew: true,
      billing_email: null,
      due_at: null,
      created_at: tx.now,
    };
    if (!(await insertSubscription(tx, row))) return "The tenant has a live subscription already.";
    const fresh = { subscription_id: row.id, tenant_id: tenant.id, reference: seen.reference, customer: seen.customer };
    await insertLink(tx, fresh);
    return { ...fresh, version: 0n, unfinished: true };
  });
}

/** One that began on a page of ours: whoever is first of all who tell of it takes the page in, and that writes its row. */
async function byCheckout(ctx: Context, id: string, seen: SeenSubscription): Promise<LinkRow | string> {
  const row = isId("checkout", id) ? await settleCheckout(ctx, { id, tenantId: null }) : null;
  if (!row) return "The checkout that it began on was not opened here.";
  if (row.status === "open") return "The checkout that it began on is not finished yet.";
  const link = await locateLink(ctx.pool, "reference", seen.reference);
  return link ?? `The checkout that it began on came to nothing here (${row.status}).`;
}
