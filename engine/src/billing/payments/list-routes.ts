/** HTTP of the operator's list of payments. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { DEFAULT_LIMIT, decodeMoment, pageOf } from "../../http/list.ts";
import { route } from "../../http/route.ts";
import { Closed, Currency, Instant, ListQuery, OneOf, Page, TenantId, Text } from "../../http/schema.ts";
import { formatInstant } from "../time/instant.ts";
import { listAllPayments } from "./list-store.ts";
import { PaymentView, paymentView } from "./view.ts";

export function paymentListRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "GET",
    url: "/v1/payments",
    permission: "billing.read",
    summary: "List the payment attempts of all tenants, newest first",
    query: Closed({
      ...ListQuery,
      tenant_id: Type.Optional(TenantId()),
      status: Type.Optional(OneOf(["requested", "succeeded", "failed", "requires_action", "pending", "unknown"], "All if not said.")),
      gateway: Type.Optional(Text(40, "The name of a gateway.")),
      currency: Type.Optional(Currency()),
      invoice: Type.Optional(Text(64, "The id of an invoice.")),
      from: Type.Optional(Instant("Asked for at or after.")),
      to: Type.Optional(Instant("Asked for before.")),
    }),
    response: { 200: Page(PaymentView) },
    handle: async ({ query, principal }) => {
      const limit = query.limit ?? DEFAULT_LIMIT;
      const rows = await listAllPayments(onPool(ctx.pool), {
        // Whoever is confined to a tenant sees the list of that one.
        tenantId: principal.tenantId ?? query.tenant_id ?? null,
        status: query.status ?? null,
        gateway: query.gateway ?? null,
        currency: query.currency ?? null,
        invoiceId: query.invoice ?? null,
        from: query.from ?? null,
        to: query.to ?? null,
        before: decodeMoment(query.cursor),
        limit: limit + 1,
      });
      return pageOf(rows, limit, paymentView, (row) => [formatInstant(row.requested_at), row.id]);
    },
  });
}
