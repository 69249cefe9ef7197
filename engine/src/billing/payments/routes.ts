/** HTTP of payments. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { Refusal, tenantNotFound } from "../../errors.ts";
import { DEFAULT_LIMIT, decodeMoment, pageOf } from "../../http/list.ts";
import { route } from "../../http/route.ts";
import { Closed, ListQuery, Page } from "../../http/schema.ts";
import { isId } from "../../ids.ts";
import { formatInstant } from "../time/instant.ts";
import { paymentListRoutes } from "./list-routes.ts";
import { presentPayment } from "./present-payment.ts";
import { findPayment, listPayments } from "./store.ts";
import { PaymentDetail, PaymentView, paymentDetail, paymentView } from "./view.ts";

const Params = Type.Object({ tenant_id: Type.String() });

const OneParams = Type.Object({ tenant_id: Type.String(), id: Type.String({ maxLength: 64 }) });

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

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/payments/:id",
    permission: "billing.read",
    summary: "Read one payment attempt; while it waits for the person, with what they confirm it with, for whoever may pay",
    params: OneParams,
    response: { 200: PaymentDetail },
    handle: async ({ params, principal, reply }) => {
      await known(params.tenant_id);
      const row = isId("payment", params.id) ? await findPayment(onPool(ctx.pool), params.id, params.tenant_id) : null;
      if (!row) throw new Refusal("not_found", "The tenant has no such payment.");
      reply.header("cache-control", "private, no-store");
      return paymentDetail(await presentPayment(ctx, row), principal);
    },
  });
}
