/**
 * The errand that gives money back: claims refunds that were requested, goes to the gateway outside any transaction, and records
 * what came of it. One that was sent before is asked about first; its key guards the call, so that nothing goes back twice.
 */
import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import type { RefundOutcome } from "./gateway.ts";
import { recordRefund } from "./record-refund.ts";
import { claimRefunds, markRefundSent, type RefundRow } from "./refund-store.ts";
import { findPayment } from "./store.ts";

const LEASE_SECONDS = 120;
const BATCH = 20;

/** Works until nothing is left that could be claimed. */
export async function refundDue(ctx: Context, input: { testClockId?: string; creditNoteId?: string } = {}): Promise<number> {
  let done = 0;
  for (;;) {
    const filter = { testClockId: input.testClockId ?? null, creditNoteId: input.creditNoteId ?? null };
    const rows = await claimRefunds(ctx.pool, filter, LEASE_SECONDS, BATCH);
    if (rows.length === 0) return done;
    await Promise.all(rows.map((row) => giveBack(ctx, row)));
    done += rows.length;
  }
}

async function giveBack(ctx: Context, row: RefundRow): Promise<void> {
  const outcome = await attempt(ctx, row);
  await commit(ctx, { principal: ENGINE, tenantId: row.tenant_id, source: row.gateway }, (tx) =>
    recordRefund(tx, { refundId: row.id, tenantId: row.tenant_id, outcome }),
  );
}

async function attempt(ctx: Context, row: RefundRow): Promise<RefundOutcome> {
  const gateway = ctx.gateways.get(row.gateway);
  try {
    const paymentReference = (await findPayment(onPool(ctx.pool), row.payment_id, row.tenant_id))?.gateway_reference ?? null;
    if (row.sent_at !== null) {
      const known = await gateway.findRefund(row.id, paymentReference, row.gateway_reference);
      if (known) return known;
      // What the gateway has named is there, whoever made it: it is asked about, never sent.
      if (row.gateway_reference !== null) return { status: "unknown", reason: "The gateway does not list it." };
    }
    await markRefundSent(ctx.pool, row, ctx.clock.now());
    return await gateway.refund({
      idempotencyKey: row.id,
      paymentKey: row.payment_id,
      paymentReference,
      amountMinor: row.amount,
      currency: row.currency,
    });
  } catch (error) {
    ctx.log.error({ err: error, refund: row.id, gateway: row.gateway }, "the outcome of a refund is not known");
    return { status: "unknown", reason: (error as Error).message };
  }
}
