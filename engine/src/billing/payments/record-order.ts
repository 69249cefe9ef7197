/** Takes in what became of an order, and what was paid on it: each payment of the gateway once, by its name there. */
import type { Tx } from "../../commit.ts";
import { newId } from "../../ids.ts";
import type { ChargeOutcome, OrderOutcome } from "./gateway.ts";
import { findOrder, insertOrderPayment, lockOrderPayment, type OrderRow, updateOrder } from "./order-store.ts";
import { recordOutcome } from "./record-outcome.ts";
import { lastAttempts } from "./store.ts";

export async function recordOrder(
  tx: Tx,
  input: { orderId: string; tenantId: string; outcome: Exclude<OrderOutcome, { status: "unknown" }> },
): Promise<void> {
  const row = await findOrder(tx, input.orderId, input.tenantId, true);
  if (row?.status !== "requested") return;
  const { outcome } = input;
  await updateOrder(
    tx,
    outcome.status === "open"
      ? { ...row, status: "open", gateway_reference: outcome.reference }
      : { ...row, status: "failed", code: outcome.code, reason: outcome.reason },
  );
}

export type OrderPaymentOutcome = Exclude<ChargeOutcome, { status: "unknown" }> & { reference: string };

/** The invoice is locked by the caller. `reference`: the gateway's name of the order, should no answer have told it before. */
export async function recordOrderPayment(
  tx: Tx,
  input: { orderId: string; tenantId: string; reference: string; outcome: OrderPaymentOutcome },
): Promise<void> {
  const order = await findOrder(tx, input.orderId, input.tenantId, true);
  if (!order) throw new Error(`payment of the unknown order ${input.orderId}`);
  const { outcome } = input;
  const known = await lockOrderPayment(tx, order.gateway, outcome.reference, order.tenant_id);
  const paymentId = known?.id ?? (await newPayment(tx, order, outcome.reference));
  await recordOutcome(tx, { paymentId, tenantId: order.tenant_id, outcome });
  const paid = outcome.status === "succeeded" && outcome.currency === order.currency && outcome.amountMinor >= order.amount;
  const open = order.status === "requested" ? "open" : order.status;
  await updateOrder(tx, { ...order, status: paid ? "paid" : open, gateway_reference: order.gateway_reference ?? input.reference });
}

async function newPayment(tx: Tx, order: OrderRow, reference: string): Promise<string> {
  const id = newId("payment");
  const attempts = await lastAttempts(tx, [{ id: order.invoice_id, tenant_id: order.tenant_id }]);
  await insertOrderPayment(tx, order, { id, reference, attempt: (attempts.get(order.invoice_id) ?? 0) + 1 });
  return id;
}
