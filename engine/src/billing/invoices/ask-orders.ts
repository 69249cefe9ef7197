/** The errand that asks gateways about orders whose payment nobody reported: a webhook may never come. */
import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { ordersAt } from "../payments/open-order.ts";
import { nextOrderAsk } from "../payments/order.ts";
import { claimAskedOrders, type OrderRow, stopAsking } from "../payments/order-store.ts";
import { takeOrderPayment } from "./take-order-payment.ts";

const BATCH = 20;

/** Answers how many it asked about. */
export async function askOrders(ctx: Context): Promise<number> {
  for (let done = 0; ; ) {
    const rows = await claimAskedOrders(ctx.pool, ctx.clock.now(), BATCH);
    for (const row of rows) {
      await ask(ctx, row).catch((error: unknown) =>
        // Asked again in its time, and the others all the same.
        ctx.log.error({ err: error, order: row.id, gateway: row.gateway }, "an order could not be asked about"),
      );
    }
    done += rows.length;
    if (rows.length < BATCH) return done;
  }
}

async function ask(ctx: Context, row: OrderRow): Promise<void> {
  const gateway = ordersAt(ctx, row.gateway);
  const { receipt, amount: amountMinor, currency } = row;
  const reference = row.gateway_reference ?? (await gateway.find({ receipt, amountMinor, currency }))?.reference ?? null;
  const outcomes = reference === null ? [] : await gateway.payments(reference);
  for (const outcome of outcomes) {
    await commit(ctx, { principal: ENGINE, tenantId: row.tenant_id, source: row.gateway }, (tx) =>
      takeOrderPayment(tx, { orderId: row.id, invoiceId: row.invoice_id, tenantId: row.tenant_id, reference: reference!, outcome }),
    );
  }
  if (nextOrderAsk(row.created_at, ctx.clock.now()) === null) await stopAsking(ctx.pool, row);
}
