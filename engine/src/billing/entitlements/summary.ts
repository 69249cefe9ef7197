/** What a billing page needs of a tenant in one call. Every room below says its part; each has one line in `summaryOf`. */
import type { Context } from "../../context.ts";
import { type Database, onPool } from "../../db/pool.ts";
import { Refusal, tenantNotFound } from "../../errors.ts";
import { withOutside } from "../../outside.ts";
import { readBalance } from "../credits/balance.ts";
import { balanceView } from "../credits/view.ts";
import { listInvoices, readLines } from "../invoices/store.ts";
import { draftView, invoiceView } from "../invoices/view.ts";
import { findCurrent } from "../subscriptions/store.ts";
import { previewUpcoming } from "../subscriptions/upcoming.ts";
import { noSubscriptionView, subscriptionView } from "../subscriptions/view.ts";
import type { TenantRef } from "../tenants/cache.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import { windowAt } from "../time/window.ts";
import { readQuantities } from "../usage/quantity.ts";
import { type Entitlements, readEntitlements } from "./check.ts";
import { defaultPlan } from "./read-account.ts";
import { standingAt } from "./standing.ts";

const MAX_OPEN = 100;
const WITHOUT: ReadonlySet<string> = new Set(["no_subscription", "invalid_state", "tax_unavailable", "tax_refused"]);

/** Throws `tenant_not_found`. */
export async function summaryOf(ctx: Context, tenantId: string) {
  const tenant = await ctx.tenants.find(tenantId);
  if (!tenant) throw tenantNotFound(tenantId);
  const db = onPool(ctx.pool);
  const now = await ctx.tenants.now(tenant);
  const row = await findCurrent(db, tenant.id);
  const { plans } = await ctx.catalog.current();
  return {
    tenant_id: tenant.id,
    now: formatInstant(now),
    mode: ctx.config.mode,
    subscription: row ? subscriptionView(row) : noSubscriptionView(tenant.id, defaultPlan(plans, tenant.currency)),
    entitlements: (await readEntitlements(ctx, tenant.id)) satisfies Entitlements,
    credits: balanceView(tenant.id, await readBalance(db, tenant.id, now)),
    open_invoices: await openInvoices(ctx, db, tenant),
    next_invoice: await nextInvoice(ctx, db, tenant, now),
    usage: await usageOf(ctx, db, tenant, windowAt("billing_period", tenant.timeZone, now, standingAt(row, now).period)),
  };
}

async function openInvoices(ctx: Context, db: Database, tenant: TenantRef) {
  const rows = await listInvoices(db, tenant.id, { status: "open", before: null, limit: MAX_OPEN });
  const lines = await readLines(
    db,
    [tenant.id],
    rows.map((row) => row.id),
  );
  return rows.map((row) => invoiceView(row, lines.get(row.id) ?? [], ctx.config));
}

/** null: none is coming, or nobody can say its taxes now. */
async function nextInvoice(ctx: Context, db: Database, tenant: TenantRef, now: Instant) {
  try {
    return draftView(await withOutside(ctx, () => previewUpcoming(ctx, db, { tenantId: tenant.id, now })));
  } catch (error) {
    if (error instanceof Refusal && WITHOUT.has(error.code)) return null;
    throw error;
  }
}

async function usageOf(ctx: Context, db: Database, tenant: TenantRef, period: { start: Instant; end: Instant }) {
  const { meters } = await ctx.catalog.current();
  const active = [...meters.values()].filter((meter) => !meter.archived);
  const answers = await readQuantities(
    db,
    active.map((meter) => ({ tenantNo: tenant.no, meter, ...period })),
  );
  return {
    period_start: formatInstant(period.start),
    period_end: formatInstant(period.end),
    meters: active.map((meter, i) => ({ meter: meter.key, unit: meter.unit, value: answers[i]![0]!.value })),
  };
}
