/** HTTP of what was sent to webhook endpoints. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { Refusal } from "../../errors.ts";
import { DEFAULT_LIMIT, decodeCursor, pageOf } from "../../http/list.ts";
import { route } from "../../http/route.ts";
import { Closed, ListQuery, OneOf, Page, Text } from "../../http/schema.ts";
import { isId } from "../../ids.ts";
import { DELIVERY_STATES, findDelivery, listAttempts, listDeliveries } from "./log-store.ts";
import { noEndpoint } from "./put-endpoint.ts";
import { retryDelivery } from "./redeliver.ts";
import { findEndpoint } from "./store.ts";
import { deliveryDetail, deliveryView, WebhookDelivery, WebhookDeliveryDetail } from "./view.ts";

const ATTEMPTS_SHOWN = 50;
const Params = Type.Object({ id: Type.String({ maxLength: 64, description: "wd_…" }) });

const known = (id: string) => {
  if (!isId("webhookDelivery", id)) throw noDelivery();
  return id;
};

export function webhookDeliveryRoutes(app: FastifyInstance, ctx: Context): void {
  const db = onPool(ctx.pool);
  route(app, ctx, {
    method: "GET",
    url: "/v1/webhook-endpoints/:id/deliveries",
    permission: "billing.read",
    summary: "List what was sent to a webhook endpoint in the last thirty days, newest first",
    params: Type.Object({ id: Type.String({ maxLength: 64, description: "we_…" }) }),
    query: Closed({
      ...ListQuery,
      state: Type.Optional(OneOf(DELIVERY_STATES, "Only those in this state.")),
      event_type: Type.Optional(Text(64, "Only those of this type.")),
      event_id: Type.Optional(Text(64, "Only that of this event.")),
    }),
    response: { 200: Page(WebhookDelivery) },
    handle: async ({ params, query }) => {
      if (!isId("webhookEndpoint", params.id) || !(await findEndpoint(db, params.id))) throw noEndpoint();
      const limit = query.limit ?? DEFAULT_LIMIT;
      const rows = await listDeliveries(db, params.id, {
        state: query.state ?? null,
        eventType: query.event_type ?? null,
        eventId: query.event_id ?? null,
        before: decodeCursor(query.cursor, 1)?.[0] ?? null,
        limit: limit + 1,
      });
      return pageOf(rows, limit, deliveryView, (row) => [row.id]);
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/webhook-deliveries/:id",
    permission: "billing.read",
    summary: "Read one delivery: what is sent, and what each attempt was answered",
    params: Params,
    response: { 200: WebhookDeliveryDetail },
    handle: async ({ params }) => {
      const row = await findDelivery(db, known(params.id));
      if (!row) throw noDelivery();
      return deliveryDetail(row, await listAttempts(db, row.id, ATTEMPTS_SHOWN));
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/webhook-deliveries/:id/retry",
    permission: "billing.write",
    summary: "Send one again now, and by the whole schedule should it fail",
    params: Params,
    body: Type.Optional(Closed({})),
    response: { 202: WebhookDelivery },
    handle: async ({ params, write }) => write(async (tx) => deliveryView(await retryDelivery(tx, known(params.id))), { status: 202 }),
  });
}

function noDelivery(): Refusal {
  return new Refusal("not_found", "There is no such webhook delivery.");
}
