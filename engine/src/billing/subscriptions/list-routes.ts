/** HTTP of the operator's list of subscriptions. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { DEFAULT_LIMIT, decodeMoment, pageOf } from "../../http/list.ts";
import { route } from "../../http/route.ts";
import { Closed, Currency, Key, ListQuery, OneOf, Page, TenantId } from "../../http/schema.ts";
import { formatInstant } from "../time/instant.ts";
import { listSubscriptions } from "./list-store.ts";
import { SubscriptionView, subscriptionView } from "./view.ts";

const STATUSES = ["incomplete", "trialing", "active", "past_due", "paused", "canceled", "expired"] as const;

export function subscriptionListRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "GET",
    url: "/v1/subscriptions",
    permission: "billing.read",
    summary: "List the subscriptions of all tenants, ended ones too, newest first",
    query: Closed({
      ...ListQuery,
      tenant_id: Type.Optional(TenantId()),
      status: Type.Optional(OneOf(STATUSES, "All if not said.")),
      plan: Type.Optional(Key("The key of a plan.")),
      currency: Type.Optional(Currency()),
    }),
    response: { 200: Page(SubscriptionView) },
    handle: async ({ query, principal }) => {
      const limit = query.limit ?? DEFAULT_LIMIT;
      const rows = await listSubscriptions(onPool(ctx.pool), {
        tenantId: principal.tenantId ?? query.tenant_id ?? null,
        status: query.status ?? null,
        plan: query.plan ?? null,
        currency: query.currency ?? null,
        before: decodeMoment(query.cursor),
        limit: limit + 1,
      });
      return pageOf(rows, limit, subscriptionView, (row) => [formatInstant(row.created_at), row.id]);
    },
  });
}
