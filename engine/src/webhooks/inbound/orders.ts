/** Whose money on a gateway's order is. */
import { takeOrderPayment } from "../../billing/invoices/take-order-payment.ts";
import { ordersAt } from "../../billing/payments/open-order.ts";
import { locateOrder } from "../../billing/payments/order-store.ts";
import type { Context } from "../../context.ts";
import type { Fact } from "./adapter.ts";
import type { Located } from "./located.ts";

type OrderPayment = Extract<Fact, { kind: "order_payment" }>;

export async function locateOrderPayment(ctx: Context, gateway: string, fact: OrderPayment): Promise<Located | string> {
  const { orderReference: reference, outcome } = fact;
  const order = (await locateOrder(ctx.pool, gateway, "gateway_reference", reference)) ?? (await byReceipt(ctx, gateway, reference));
  if (!order) return "The order was not made here.";
  const { id: orderId, invoice_id: invoiceId, tenant_id: tenantId } = order;
  return { tenantId, apply: (tx) => takeOrderPayment(tx, { orderId, invoiceId, tenantId, reference, outcome }) };
}

// The event may be faster than the answer to the call that made the order, and that answer may have been lost.
async function byReceipt(ctx: Context, gateway: string, reference: string) {
  const receipt = await ordersAt(ctx, gateway).receiptOf(reference);
  return receipt === null ? null : locateOrder(ctx.pool, gateway, "receipt", receipt);
}
