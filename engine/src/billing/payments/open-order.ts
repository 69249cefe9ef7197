/**
 * The errand that has a gateway make an order. One that was sent before and got no answer is looked for by its receipt; it is sent
 * again only when that long has passed that the first cannot be on its way any more, and it is not there.
 */
import { ENGINE } from "../../auth/principal.ts";
import { sleep, stopwatch } from "../../clock.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { nextAsk } from "./checkout.ts";
import type { OrderGateway, OrderOutcome } from "./gateway.ts";
import { ANSWER_WAIT_MS } from "./order.ts";
import { claimOrder, findOrder, markOrderSent, type OrderRow, releaseOrder } from "./order-store.ts";
import { recordOrder } from "./record-order.ts";

const LEASE_MS = 120_000;
const PATIENCE_MS = 20_000;

/** The order as it then stands: `requested` where nobody knows what became of it. */
export async function openOrder(ctx: Context, input: { orderId: string; tenantId: string }): Promise<OrderRow> {
  const waited = stopwatch();
  for (;;) {
    const now = ctx.clock.now();
    const mine = await claimOrder(ctx.pool, input.orderId, input.tenantId, now, now + LEASE_MS);
    if (mine) await open(ctx, mine);
    const row = await findOrder(onPool(ctx.pool), input.orderId, input.tenantId);
    if (!row) throw new Error(`the order ${input.orderId} is not there`);
    if (mine || row.status !== "requested" || waited() > PATIENCE_MS) return row;
    await sleep(50);
  }
}

async function open(ctx: Context, row: OrderRow): Promise<void> {
  const outcome = await attempt(ctx, row);
  if (outcome.status === "unknown") {
    ctx.log.warn({ order: row.id, gateway: row.gateway, reason: outcome.reason }, "the outcome of an order is not known");
    return releaseOrder(ctx.pool, row);
  }
  await commit(ctx, { principal: ENGINE, tenantId: row.tenant_id, source: row.gateway }, (tx) =>
    recordOrder(tx, { orderId: row.id, tenantId: row.tenant_id, outcome }),
  );
}

async function attempt(ctx: Context, row: OrderRow): Promise<OrderOutcome> {
  const gateway = ordersAt(ctx, row.gateway);
  const { receipt, amount: amountMinor, currency } = row;
  try {
    const now = ctx.clock.now();
    if (row.sent_at !== null) {
      const known = await gateway.find({ receipt, amountMinor, currency });
      if (known) return { status: "open", reference: known.reference };
      if (now - row.sent_at < ANSWER_WAIT_MS) return { status: "unknown", reason: "sent, without an answer, and not there yet" };
    }
    await markOrderSent(ctx.pool, row, now, nextAsk(0, now));
    const notes = { tenant: row.tenant_id, invoice: row.invoice_id, invoice_number: row.invoice_number ?? "" };
    return await gateway.create({ receipt, amountMinor, currency, notes });
  } catch (error) {
    return { status: "unknown", reason: (error as Error).message };
  }
}

/** Throws where the gateway has none: orders of it exist, so that it was configured once. */
export function ordersAt(ctx: Context, name: string): OrderGateway {
  const { orders } = ctx.gateways.get(name);
  if (!orders) throw new Error(`The gateway ${name} has no orders.`);
  return orders;
}
