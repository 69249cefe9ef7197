/**
 * Subscriptions that begin on a page of Stripe's: what is offered there, decided within the write that opens it, and the row of what began,
 * within the write that takes the page in. How it then is, is read at Stripe, as of every other.
 */

import type { SubscriptionOffer } from "../../billing/payments/checkout.ts";
import type { BegunOnPage, PageInput } from "../../billing/subscriptions/processor.ts";
import { alreadySubscribed, firstState } from "../../billing/subscriptions/start.ts";
import { findCurrent, hadTrial, insertSubscription, type SubscriptionRow } from "../../billing/subscriptions/store.ts";
import { isLive } from "../../billing/subscriptions/subscription.ts";
import type { TenantRef } from "../../billing/tenants/cache.ts";
import type { Tx } from "../../commit.ts";
import { invalidField } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { assertPriced } from "./ask.ts";
import { insertLink } from "./store.ts";

/** What Stripe's pages take: https://docs.stripe.com/api/checkout/sessions/create. */
const MOST_ITEMS = 20;
const LONGEST_TRIAL_DAYS = 730;

export async function offerPage(tx: Tx, tenant: TenantRef, { plan, seats, currency, trialDays }: PageInput): Promise<SubscriptionOffer> {
  const items = await assertPriced(tx, plan, seats ?? 1, currency);
  if (items.length > MOST_ITEMS) throw invalidField("plan", `has more than ${MOST_ITEMS} prices, which is as many as Stripe's page takes`);
  if (items.some((item) => item.quantity === 0)) throw invalidField("seats", "must be 1 or more on Stripe's page");
  const days = trialDays ?? plan.trialDays ?? 0;
  if (days > LONGEST_TRIAL_DAYS) throw invalidField("trial_days", `must be at most ${LONGEST_TRIAL_DAYS} on Stripe's page`);
  return {
    processor: "stripe",
    subscription: newId("subscription"),
    plan_version: plan.version,
    // One trial a plan, whoever asks.
    trial_days: days > 0 && (await hadTrial(tx, tenant.id, plan.key)) ? 0 : days,
    items,
    automatic_tax: tx.ctx.config.stripeTax,
  };
}

export async function beginOnPage(tx: Tx, tenant: TenantRef, begun: BegunOnPage): Promise<SubscriptionRow> {
  const { offer, currency, reference, customer } = begun;
  const current = await findCurrent(tx, tenant.id, true);
  if (current && isLive(current.status)) throw alreadySubscribed(current);
  const plan = await tx.ctx.catalog.plan(begun.plan, offer.plan_version);
  const input = { tenant, plan: plan.key, currency, seats: begun.seats ?? 1, trialDays: offer.trial_days, gateway: "stripe" };
  const first = await firstState(tx, input, plan);
  const row = {
    ...first,
    id: offer.subscription,
    status: "incomplete" as const,
    processor: "stripe" as const,
    due_at: null,
  };
  if (!(await insertSubscription(tx, row))) throw alreadySubscribed(null);
  await insertLink(tx, { subscription_id: row.id, tenant_id: row.tenant_id, reference, customer });
  // Should nobody be there who reads it at once: it was never asked about, so it comes first.
  tx.enqueue({ name: "processor-missed", key: "processor-missed" });
  return { ...row, tenant_no: tenant.no };
}
