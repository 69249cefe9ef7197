/** HTTP of billing events: the history of a tenant. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { parseInstant } from "../billing/time/instant.ts";
import type { Context } from "../context.ts";
import { onPool } from "../db/pool.ts";
import { invalidField, tenantNotFound } from "../errors.ts";
import { DEFAULT_LIMIT, decodeCursor, pageOf } from "../http/list.ts";
import { route } from "../http/route.ts";
import { Closed, Instant, ListQuery, Page } from "../http/schema.ts";
import { TypeFilter, typesOf } from "./filter.ts";
import { listEvents } from "./history.ts";
import { EventView, eventView } from "./view.ts";

const WHOLE = /^\d{1,20}$/;

export function eventRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/events",
    permission: "billing.read",
    summary: "List the billing events of a tenant, newest first",
    params: Type.Object({ tenant_id: Type.String() }),
    query: Closed({
      ...ListQuery,
      type: Type.Optional(TypeFilter),
      source: Type.Optional(
        Type.String({
          pattern: "^[a-z][a-z0-9_-]{0,63}(,[a-z][a-z0-9_-]{0,63}){0,19}$",
          description: "Only events from here: api, engine, or a gateway; several with commas.",
        }),
      ),
      from: Type.Optional(Instant("Events that occurred at this instant or later.")),
      to: Type.Optional(Instant("Events that occurred before this instant.")),
    }),
    response: { 200: Page(EventView) },
    handle: async ({ params, query }) => {
      if (!(await ctx.tenants.find(params.tenant_id))) throw tenantNotFound(params.tenant_id);
      const limit = query.limit ?? DEFAULT_LIMIT;
      const filter = {
        types: typesOf(query.type),
        sources: query.source?.split(",") ?? null,
        from: query.from === undefined ? null : parseInstant(query.from),
        to: query.to === undefined ? null : parseInstant(query.to),
      };
      const rows = await listEvents(onPool(ctx.pool), params.tenant_id, filter, positionOf(query.cursor), limit + 1);
      return pageOf(rows, limit, eventView, (row) => [row.xid, row.seq]);
    },
  });
}

function positionOf(cursor: string | undefined) {
  const parts = decodeCursor(cursor, 2);
  if (parts === null) return null;
  const [xid, seq] = parts as [string, string];
  if (!WHOLE.test(xid) || !WHOLE.test(seq) || BigInt(xid) >= 2n ** 64n || BigInt(seq) >= 2n ** 63n)
    throw invalidField("cursor", "is not a cursor of this list");
  return { xid, seq };
}
