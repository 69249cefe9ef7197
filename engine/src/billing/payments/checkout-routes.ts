/** HTTP of checkouts that were opened: what came of one. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { Refusal, tenantNotFound } from "../../errors.ts";
import { route } from "../../http/route.ts";
import { isId } from "../../ids.ts";
import { CheckoutView, checkoutView } from "./checkout-view.ts";
import { settleCheckout } from "./settle-checkout.ts";

export function checkoutRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/checkouts/:id",
    permission: "billing.read",
    summary: "What came of a checkout: asks the gateway while it is open, so that a return page need not wait for its webhook",
    params: Type.Object({ tenant_id: Type.String(), id: Type.String({ maxLength: 64 }) }),
    response: { 200: CheckoutView },
    handle: async ({ params }) => {
      if (!(await ctx.tenants.find(params.tenant_id))) throw tenantNotFound(params.tenant_id);
      const row = isId("checkout", params.id) ? await settleCheckout(ctx, { id: params.id, tenantId: params.tenant_id }) : null;
      if (!row) throw new Refusal("not_found", "There is no such checkout.");
      return checkoutView(row);
    },
  });
}
