/** Looks at one invoice or subscription as it stands now, and raises or ends its alert. However often it is asked, the outcome is the same. */
import { ENGINE } from "../auth/principal.ts";
import { findInvoice } from "../billing/invoices/store.ts";
import { formatMinor } from "../billing/money/currency.ts";
import { lastAttempts } from "../billing/payments/store.ts";
import { findById } from "../billing/subscriptions/store.ts";
import { isLive } from "../billing/subscriptions/subscription.ts";
import { formatInstant } from "../billing/time/instant.ts";
import { commit } from "../commit.ts";
import type { Context } from "../context.ts";
import { onPool } from "../db/pool.ts";
import { type Finding, raiseAlert, resolveAlert } from "./raise.ts";
import { type AlertKind, rulesOf } from "./rule.ts";
import { readRules } from "./store.ts";

export interface Look {
  kind: "payment_failed" | "cancellation";
  tenant: string;
  subject: string;
}

export async function lookForAlert(ctx: Context, { kind, tenant, subject }: Look): Promise<void> {
  const rule = rulesOf(await readRules(onPool(ctx.pool), kind, [tenant]))(kind, tenant);
  const found = kind === "payment_failed" ? await failureOf(ctx, tenant, subject) : await cancellationOf(ctx, tenant, subject);
  const counts =
    found !== null && (kind === "payment_failed" ? found.failures >= rule.settings.failures : found.ended || rule.settings.scheduled);
  await commit(ctx, { principal: ENGINE, tenantId: tenant }, async (tx) => {
    if (counts) await raiseAlert(tx, rule, { tenantId: tenant, subject, ...found });
    else if (found === null) await resolveAlert(tx, kind as AlertKind, tenant, subject, OVER[kind]);
  });
}

const OVER = { payment_failed: "The invoice whose payment had failed is settled.", cancellation: "The cancellation was revoked." } as const;

type Found = Pick<Finding, "summary" | "data"> & { failures: number; ended: boolean };

/** null: nothing is owed on it. */
async function failureOf(ctx: Context, tenantId: string, id: string): Promise<Found | null> {
  const db = onPool(ctx.pool);
  const invoice = await findInvoice(db, id, tenantId);
  if (!invoice || (invoice.status !== "open" && invoice.status !== "uncollectible")) return null;
  const failures = (await lastAttempts(db, [invoice])).get(id) ?? 1;
  const { number, currency, amount_due, next_attempt_at } = invoice;
  const next = next_attempt_at === null ? null : formatInstant(next_attempt_at);
  return {
    failures,
    ended: false,
    summary: `A payment of invoice ${number} failed: ${formatMinor(amount_due, currency)} are owed.`,
    data: { invoice: id, number, currency, amount_due, failures, next_attempt_at: next },
  };
}

/** null: it goes on. */
async function cancellationOf(ctx: Context, tenantId: string, id: string): Promise<Found | null> {
  const row = await findById(onPool(ctx.pool), tenantId, id);
  if (!row) return null;
  const ended = !isLive(row.status);
  if (!ended && row.cancel_at === null) return null;
  const at = ended ? row.ended_at : row.cancel_at;
  return {
    failures: 0,
    ended,
    summary: ended
      ? `A subscription to ${row.plan_key} has ended.`
      : `A subscription to ${row.plan_key} will end at ${formatInstant(at!)}.`,
    data: {
      subscription: id,
      plan: row.plan_key,
      status: row.status,
      reason: row.cancel_reason,
      ends_at: at === null ? null : formatInstant(at),
    },
  };
}
