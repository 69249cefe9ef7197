/** HTTP of orders: what somebody may pay on a gateway's page for an invoice. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { Refusal } from "../../errors.ts";
import { Printed, route } from "../../http/route.ts";
import { Closed, Currency, Named, SignedMinor } from "../../http/schema.ts";
import { openOrder } from "../payments/open-order.ts";
import { findOrder } from "../payments/order-store.ts";
import { requestOrder } from "../payments/request-order.ts";
import { getInvoice, readInvoice } from "./find-invoice.ts";
import { assertMove } from "./invoice.ts";

const OrderView = Named(
  "RazorpayOrder",
  Type.Object({
    order_id: Type.String({ description: "Razorpay's id of the order, for its checkout." }),
    amount: SignedMinor("What is due, in minor units."),
    currency: Currency(),
    key_id: Type.String({ description: "The public key, for its checkout." }),
    invoice: Type.String({ description: "The invoice that a captured payment settles." }),
  }),
);

export function orderRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "POST",
    url: "/v1/invoices/:id/razorpay-order",
    permission: "billing.write",
    summary: "Make a Razorpay order over what is due; the same amount again answers the same order",
    params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
    body: Type.Optional(Closed({})),
    response: { 200: OrderView },
    handle: async ({ params, principal, write, reply }) => {
      const invoice = await readInvoice(onPool(ctx.pool), params.id, principal.tenantId);
      const gateway = ctx.gateways.names().includes("razorpay") ? ctx.gateways.get("razorpay") : null;
      if (!gateway?.orders) throw new Refusal("gateway_unavailable", "Razorpay is not configured on this engine.");
      const asked = await write(
        async (tx) => {
          const row = await getInvoice(tx, invoice.id, invoice.tenant_id);
          if (row.status === "draft")
            throw new Refusal("invalid_state", "The invoice is a draft; finalize it first.", { extra: { state: "draft" } });
          assertMove(row.status, "paid");
          const { id: invoice_id, number: invoice_number, tenant_id, test_clock_id, currency, amount_due: amount } = row;
          return {
            order: await requestOrder(tx, { invoice_id, invoice_number, tenant_id, test_clock_id, currency, amount, gateway: "razorpay" }),
          };
        },
        { tenantId: invoice.tenant_id },
      );
      if (asked instanceof Printed && reply.statusCode >= 400) return asked;
      const { order } = (asked instanceof Printed ? JSON.parse(String(asked.json)) : asked) as { order: string };
      const known = await findOrder(onPool(ctx.pool), order, invoice.tenant_id);
      const row =
        known?.status === "open" || known?.status === "paid"
          ? known
          : await openOrder(ctx, { orderId: order, tenantId: invoice.tenant_id });
      if (row.status === "failed")
        throw new Refusal("gateway_error", row.reason ?? "Razorpay refused the order.", {
          extra: { gateway: "razorpay", gateway_code: row.code },
        });
      if (row.gateway_reference === null)
        throw new Refusal(
          "gateway_unavailable",
          "Razorpay did not answer. Ask again in a minute: the order is looked for before another is made.",
        );
      return {
        order_id: row.gateway_reference,
        amount: row.amount,
        currency: row.currency,
        key_id: gateway.orders.publicKey,
        invoice: invoice.id,
      };
    },
  });
}
