/**
 * What came of a checkout. Webhook, return page and poller all end here: each asks the gateway, and the first that finds the page
 * finished takes it in, once; the others find it closed.
 */
import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { type CheckoutRow, claimCheckouts, findCheckout } from "./checkout-store.ts";
import type { CheckoutOutcome } from "./gateway.ts";
import { recordCheckout } from "./record-checkout.ts";

const BATCH = 20;

/** Answers it as it then stands; null: there is none. */
export async function settleCheckout(ctx: Context, input: { id: string; tenantId: string | null }): Promise<CheckoutRow | null> {
  const db = onPool(ctx.pool);
  const row = await findCheckout(db, input.id, input.tenantId);
  if (row?.status !== "open") return row;
  const outcome = await outcomeOf(ctx, row);
  if (!outcome || outcome.status === "open") return row;
  await commit(ctx, { principal: ENGINE, tenantId: row.tenant_id, source: row.gateway }, (tx) =>
    recordCheckout(tx, { id: row.id, tenantId: row.tenant_id, outcome }),
  );
  return findCheckout(db, row.id, row.tenant_id);
}

/** null: the gateway knows of no such page. */
export async function outcomeOf(ctx: Context, row: CheckoutRow): Promise<CheckoutOutcome | null> {
  // Nobody was ever shown a page of it.
  if (row.gateway_reference === null) return ctx.clock.now() < row.expires_at ? { status: "open" } : { status: "expired" };
  return (await ctx.gateways.get(row.gateway).findCheckout?.(row.id, row.gateway_reference)) ?? null;
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
