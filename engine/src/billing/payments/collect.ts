/**
 * The errand that takes money: claims attempts that were requested, goes to the gateway outside any transaction, and
 * records what came of it. An attempt that was sent before is asked about, never charged blindly again (domain §8.1).
 */

import { ENGINE } from "../../auth/principal.ts";
import { sleep, stopwatch } from "../../clock.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { findCustomer } from "./customer-store.ts";
import type { ChargeOutcome } from "./gateway.ts";
import { findDefaultMethod, findMethod } from "./method-store.ts";
import { recordOutcome } from "./record-outcome.ts";
import { claimPayment, claimPayments, findPayment, markSent, type PaymentRow } from "./store.ts";

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

const PATIENCE_MS = 15_000;

/** Collects one attempt now, for somebody who waits, and answers it as it then stands. A worker that has it already is waited for. */
export async function collectNow(ctx: Context, input: { paymentId: string; tenantId: string }): Promise<PaymentRow> {
  const waited = stopwatch();
  for (;;) {
    const mine = await claimPayment(ctx.pool, input.paymentId, input.tenantId, LEASE_SECONDS);
    if (mine) await collect(ctx, mine);
    const row = await findPayment(onPool(ctx.pool), input.paymentId, input.tenantId);
    if (!row) throw new Error(`the payment ${input.paymentId} is not there`);
    if (row.status !== "requested" || waited() > PATIENCE_MS) return row;
    await sleep(50);
  }
}

async function collect(ctx: Context, row: PaymentRow): Promise<void> {
  const outcome = await attempt(ctx, row);
  if (outcome === null) return;
  await commit(ctx, { principal: ENGINE, tenantId: row.tenant_id, source: row.gateway }, (tx) =>
    recordOutcome(tx, { paymentId: row.id, tenantId: row.tenant_id, outcome }),
  );
}

// null: the attempt was withdrawn before it was sent.
async function attempt(ctx: Context, row: PaymentRow): Promise<ChargeOutcome | null> {
  const gateway = ctx.gateways.get(row.gateway);
  try {
    const db = onPool(ctx.pool);
    const customer = (await findCustomer(db, row.tenant_id, row.gateway))?.reference ?? null;
    if (row.sent_at !== null) {
      const known = await gateway.find(row.id, { reference: row.gateway_reference, customer, sentAt: row.sent_at });
      if (known) return known;
      // Not known there. The key still guards the call, should the first one be on its way.
      if (row.status === "unknown")
        return { status: "failed", reference: null, code: "not_received", reason: "The gateway never received the payment." };
    }
    const asked = row.payment_method_id === null ? null : await findMethod(db, row.tenant_id, row.payment_method_id);
    const method = asked ?? (await findDefaultMethod(db, row.tenant_id, row.gateway));
    if (!(await markSent(ctx.pool, row, method?.id ?? null, ctx.clock.now()))) return null;
    return await gateway.charge({
      idempotencyKey: row.id,
      tenantId: row.tenant_id,
      customer,
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
