/** Whose a fact is: what a gateway names by its own words, found here. */
import type { OrderPaymentReport } from "../../billing/invoices/take-order-payment.ts";
import { ordersAt } from "../../billing/payments/open-order.ts";
import { locateOrder } from "../../billing/payments/order-store.ts";
import { locateRefund, type RefundRow } from "../../billing/payments/refund-store.ts";
import type { Tx } from "../../commit.ts";
import type { Context } from "../../context.ts";
import type { Fact } from "./adapter.ts";
import { type LocatedPayment, locatePayments } from "./payments.ts";

export type Located =
  /** Taken over already, step by step: only its event is left to be marked. */
  | { kind: "mirrored"; tenantId: string }
  | { kind: "order_payment"; tenantId: string; report: OrderPaymentReport }
  | LocatedPayment
  | LocatedOffers
  | { kind: "refund"; tenantId: string; refund: RefundRow; fact: Extract<Fact, { kind: "refund" }> };

/** It concerns no tenant. */
export interface LocatedOffers {
  kind: "offers";
  tenantId: null;
  apply(tx: Tx): Promise<void>;
}

/** A text says why it is nobody's here. May ask the gateway, so it is called outside any transaction. */
export async function locate(ctx: Context, gateway: string, fact: Fact): Promise<Located | string> {
  if (fact.kind === "report") {
    const processor = ctx.processors.outside(gateway);
    if (!processor) return `No processor is configured as ${gateway}.`;
    const mirrored = await processor.mirror(ctx, fact.report);
    return typeof mirrored === "string" ? mirrored : { kind: "mirrored", ...mirrored };
  }
  if (fact.kind === "offers") {
    const processor = ctx.processors.outside(gateway);
    if (!processor) return `No processor is configured as ${gateway}.`;
    return { kind: "offers", tenantId: null, apply: (tx) => processor.offersChanged(tx) };
  }
  if (fact.kind === "refund") {
    const refund = fact.refundId === null ? null : await locateRefund(ctx.pool, fact.refundId, gateway);
    return refund ? { kind: "refund", tenantId: refund.tenant_id, refund, fact } : "The refund was not asked for here.";
  }
  if (fact.kind !== "order_payment") return locatePayments(ctx, gateway, fact);
  const { orderReference: reference, outcome } = fact;
  const order = (await locateOrder(ctx.pool, gateway, "gateway_reference", reference)) ?? (await byReceipt(ctx, gateway, reference));
  if (!order) return "The order was not made here.";
  const { id: orderId, invoice_id: invoiceId, tenant_id: tenantId } = order;
  return { kind: "order_payment", tenantId, report: { orderId, invoiceId, tenantId, reference, outcome } };
}

// The event may be faster than the answer to the call that made the order, and that answer may have been lost.
async function byReceipt(ctx: Context, gateway: string, reference: string) {
  const receipt = await ordersAt(ctx, gateway).receiptOf(reference);
  return receipt === null ? null : locateOrder(ctx.pool, gateway, "receipt", receipt);
}
