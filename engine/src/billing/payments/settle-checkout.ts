/**
 * What came of a checkout. Webhook, return page and poller all end here: each asks the gateway, and the first that finds the page
 * finished takes it in, once; the others find it closed.
 */
import { ENGINE } from "../../auth/principal.ts";
import { commit, type Tx } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { addMethod } from "./add-method.ts";
import { type CheckoutRow, claimCheckouts, closeCheckout, findCheckout } from "./checkout-store.ts";
import type { CheckoutOutcome } from "./gateway.ts";

const BATCH = 20;

/** Answers it as it then stands; null: there is none. */
export async function settleCheckout(ctx: Context, input: { id: string; tenantId: string | null }): Promise<CheckoutRow | null> {
  const db = onPool(ctx.pool);
  const row = await findCheckout(db, input.id, input.tenantId);
  if (row?.status !== "open") return row;
  const outcome = await ctx.gateways.get(row.gateway).findCheckout?.(row.id);
  if (!outcome || outcome.status === "open") return row;
  await commit(ctx, { principal: ENGINE, tenantId: row.tenant_id, source: row.gateway }, (tx) =>
    recordCheckout(tx, { id: row.id, tenantId: row.tenant_id, outcome }),
  );
  return findCheckout(db, row.id, row.tenant_id);
}

/** Asks about pages that nobody has reported for a while. Answers how many it asked about. */
export async function settleCheckouts(ctx: Context): Promise<number> {
  let done = 0;
  for (;;) {
    const rows = await claimCheckouts(ctx.pool, ctx.clock.now(), BATCH);
    for (const row of rows) {
      await settleCheckout(ctx, { id: row.id, tenantId: row.tenant_id }).catch((error: unknown) =>
        // Asked again in its time, and the others all the same.
        ctx.log.error({ err: error, checkout: row.id, gateway: row.gateway }, "a checkout could not be settled"),
      );
    }
    done += rows.length;
    if (rows.length < BATCH) return done;
  }
}

export async function recordCheckout(tx: Tx, input: { id: string; tenantId: string; outcome: CheckoutOutcome }): Promise<void> {
  const row = await findCheckout(tx, input.id, input.tenantId, true);
  const { outcome } = input;
  if (row?.status !== "open" || outcome.status === "open") return;
  await closeCheckout(tx, { ...row, status: outcome.status });
  const about = { tenantId: row.tenant_id, subject: row.id };
  const data = { checkout: row.id, kind: row.kind, gateway: row.gateway, item: row.item };
  if (outcome.status !== "completed") {
    const type = outcome.status === "canceled" ? "checkout.canceled" : "checkout.expired";
    tx.emit({ type, ...about, summary: `A checkout was ${outcome.status === "canceled" ? "canceled" : "not finished in time"}.`, data });
    return;
  }
  const method = outcome.method && (await addMethod(tx, { tenantId: row.tenant_id, gateway: row.gateway, ...outcome.method }));
  tx.emit({
    type: "checkout.completed",
    ...about,
    summary: row.kind === "credits" ? "A checkout of credits was paid." : "A checkout of a plan was completed.",
    data: {
      ...data,
      payment: outcome.payment === null ? null : row.payment_id,
      payment_method: method?.id ?? null,
      reference: outcome.payment?.reference ?? null,
      amount: outcome.payment?.amountMinor ?? 0n,
      currency: outcome.payment?.currency ?? row.currency,
    },
  });
}

/** What was paid for could not be given: the method and the money stay on record, and it says why. */
export async function failCheckout(tx: Tx, row: CheckoutRow, failure: string): Promise<void> {
  await closeCheckout(tx, { ...row, status: "failed", failure });
  tx.emit({
    type: "checkout.failed",
    tenantId: row.tenant_id,
    subject: row.id,
    summary: `A checkout was completed, but came to nothing: ${failure}`,
    data: { checkout: row.id, kind: row.kind, item: row.item, reason: failure },
  });
}
