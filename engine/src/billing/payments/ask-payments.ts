/**
 * The errand that asks about attempts on their way, should no webhook tell of them. One that waits for a person is given up after a day, at
 * the gateway first, so that it cannot succeed behind the back of the retry that follows.
 */
import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { findCustomer } from "./customer-store.ts";
import type { ChargeOutcome } from "./gateway.ts";
import { recordOutcome } from "./record-outcome.ts";
import { claimAsks, type PaymentRow } from "./store.ts";

const BATCH = 20;
const PATIENCE_MS = 23 * 3_600_000;

/** Answers how many it asked about. */
export async function askAboutPayments(ctx: Context): Promise<number> {
  let done = 0;
  for (;;) {
    const rows = await claimAsks(ctx.pool, ctx.clock.now(), BATCH);
    for (const row of rows) {
      await ask(ctx, row).catch((error: unknown) =>
        // Asked again in its time, and the others all the same.
        ctx.log.error({ err: error, payment: row.id, gateway: row.gateway }, "a payment could not be asked about"),
      );
    }
    done += rows.length;
    if (rows.length < BATCH) return done;
  }
}

async function ask(ctx: Context, row: PaymentRow): Promise<void> {
  const outcome = await present(ctx, row);
  if (outcome === null) return;
  await commit(ctx, { principal: ENGINE, tenantId: row.tenant_id, source: row.gateway }, (tx) =>
    recordOutcome(tx, { paymentId: row.id, tenantId: row.tenant_id, outcome }),
  );
}

async function present(ctx: Context, row: PaymentRow): Promise<ChargeOutcome | null> {
  const gateway = ctx.gateways.get(row.gateway);
  const customer = await findCustomer(onPool(ctx.pool), row.tenant_id, row.gateway);
  const hints = { reference: row.gateway_reference, customer: customer?.reference ?? null, sentAt: row.sent_at };
  const now = await gateway.find(row.id, hints);
  const waited = ctx.clock.now() - (row.sent_at ?? row.requested_at);
  if (now?.status !== "requires_action" || gateway.abandon === undefined || waited < PATIENCE_MS) return now;
  return gateway.abandon(now.reference);
}
