/** HTTP of billing events: the history of a tenant. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { formatInstant } from "../billing/time/instant.ts";
import type { Context } from "../context.ts";
import { onPool } from "../db/pool.ts";
import { tenantNotFound } from "../errors.ts";
import { DEFAULT_LIMIT, decodeCursor, pageOf } from "../http/list.ts";
import { route } from "../http/route.ts";
import { Closed, Instant, ListQuery, Named, Nullable, OneOf, Page, TenantId } from "../http/schema.ts";
import { listEvents } from "./history.ts";
import { EVENT_TYPES } from "./types.ts";

const EventView = Named(
  "BillingEvent",
  Type.Object({
    id: Type.String(),
    type: OneOf(EVENT_TYPES),
    tenant_id: Nullable(TenantId()),
    occurred_at: Instant(),
    subject: Nullable(Type.String()),
    summary: Type.String({ description: "What happened, in a sentence." }),
    data: Type.Object({}, { additionalProperties: true }),
    source: Type.String({ description: "api, engine, or the gateway that reported it." }),
  }),
);

export function eventRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/events",
    permission: "billing.read",
    summary: "List the billing events of a tenant, newest first",
    params: Type.Object({ tenant_id: Type.String() }),
    query: Closed({ ...ListQuery, type: Type.Optional(OneOf(EVENT_TYPES)) }),
    response: { 200: Page(EventView) },
    handle: async ({ params, query }) => {
      if (!(await ctx.tenants.find(params.tenant_id))) throw tenantNotFound(params.tenant_id);
      const limit = query.limit ?? DEFAULT_LIMIT;
      const before = decodeCursor(query.cursor, 1)?.[0] ?? null;
      const rows = await listEvents(onPool(ctx.pool), params.tenant_id, { type: query.type ?? null, before, limit: limit + 1 });
      return pageOf(
        rows,
        limit,
        ({ seq: _seq, occurred_at, ...event }) => ({ ...event, occurred_at: formatInstant(occurred_at) }),
        (row) => [row.seq],
      );
    },
  });
}
