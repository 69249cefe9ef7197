/** HTTP of payments. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { tenantNotFound } from "../../errors.ts";
import { DEFAULT_LIMIT, decodeMoment, pageOf } from "../../http/list.ts";
import { route } from "../../http/route.ts";
import { Closed, ListQuery, Page } from "../../http/schema.ts";
import { formatInstant } from "../time/instant.ts";
import { paymentListRoutes } from "./list-routes.ts";
import { listPayments } from "./store.ts";
import { PaymentView, paymentView } from "./view.ts";

const Params = Type.Object({ tenant_id: Type.String() });

export function paymentRoutes(app: FastifyInstance, ctx: Context): void {
  paymentListRoutes(app, ctx);
  const known = async (tenantId: string) => {
    if (!(await ctx.tenants.find(tenantId))) throw tenantNotFound(tenantId);
  };

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/payments",
    permission: "billing.read",
    summary: "List every payment attempt, with the gateway's own code and reason",
    params: Params,
    query: Closed(ListQuery),
    response: { 200: Page(PaymentView) },
    handle: async ({ params, query }) => {
      await known(params.tenant_id);
      const limit = query.limit ?? DEFAULT_LIMIT;
      const rows = await listPayments(onPool(ctx.pool), params.tenant_id, decodeMoment(query.cursor), limit + 1);
      return pageOf(rows, limit, paymentView, (row) => [formatInstant(row.requested_at), row.id]);
    },
  });
}
