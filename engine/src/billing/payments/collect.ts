/**
 * The errand that takes money: claims attempts that were requested, goes to the gateway outside any transaction, and
 * records what came of it. An attempt that was sent before is asked about, never charged blindly again (domain §8.1).
 */

import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import type { ChargeOutcome } from "./gateway.ts";
import { recordOutcome } from "./record-outcome.ts";
import { claimPayments, findDefaultMethod, markSent, type PaymentRow } from "./store.ts";

const LEASE_SECONDS = 120;
const BATCH = 20;

/** Works until nothing is left that could be claimed. Answers how many attempts it settled one way or the other. */
export async function collectDue(ctx: Context, input: { testClockId?: string } = {}): Promise<number> {
  let done = 0;
  for (;;) {
    const rows = await claimPayments(ctx.pool, input.testClockId ?? null, LEASE_SECONDS, BATCH);
    if (rows.length === 0) return done;
    await Promise.all(rows.map((row) => collect(ctx, row)));
    done += rows.length;
  }
}

async function collect(ctx: Context, row: PaymentRow): Promise<void> {
  const outcome = await attempt(ctx, row);
  await commit(ctx, { principal: ENGINE, tenantId: row.tenant_id, source: row.gateway }, (tx) =>
    recordOutcome(tx, { paymentId: row.id, tenantId: row.tenant_id, outcome }),
  );
}

async function attempt(ctx: Context, row: PaymentRow): Promise<ChargeOutcome> {
  const gateway = ctx.gateways.get(row.gateway);
  try {
    if (row.sent_at !== null) {
      const known = await gateway.find(row.id);
      if (known) return known;
      // Not known there. The key still guards the call, should the first one be on its way.
      if (row.status === "unknown")
        return { status: "failed", reference: null, code: "not_received", reason: "The gateway never received the payment." };
    }
    const method = await findDefaultMethod(onPool(ctx.pool), row.tenant_id, row.gateway);
    await markSent(ctx.pool, row, method?.id ?? null, ctx.clock.now());
    return await gateway.charge({
      idempotencyKey: row.id,
      tenantId: row.tenant_id,
      invoiceId: row.invoice_id ?? "",
      invoiceNumber: null,
      amountMinor: row.amount,
      currency: row.currency,
      method: method?.reference ?? null,
    });
  } catch (error) {
    ctx.log.error({ err: error, payment: row.id, gateway: row.gateway }, "the outcome of a payment is not known");
    return { status: "unknown", reason: (error as Error).message };
  }
}
