/** HTTP of webhooks that come in: taking them, and for the operator seeing and replaying them. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { formatInstant } from "../../billing/time/instant.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { Refusal } from "../../errors.ts";
import { DEFAULT_LIMIT, decodeMoment, pageOf } from "../../http/list.ts";
import { route } from "../../http/route.ts";
import { Closed, ListQuery, OneOf, Page, Text } from "../../http/schema.ts";
import { receive } from "./receive.ts";
import { replay } from "./replay.ts";
import { findInbound, INBOUND_STATES, listInbound } from "./store.ts";
import { InboundDetail, InboundView, inboundView } from "./view.ts";

const BODY_LIMIT = 1_048_576;
const Params = Type.Object({ id: Type.String({ maxLength: 64 }) });

export function inboundRoutes(app: FastifyInstance, ctx: Context): void {
  // A scope of its own: here alone a body stays the bytes that were signed, whatever it calls itself.
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, async (_request: unknown, body: Buffer) => body);
    webhookRoute(scope, ctx);
    done();
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/inbound-events",
    permission: "operate",
    summary: "List what gateways sent, newest first, with what became of it",
    query: Closed({
      ...ListQuery,
      gateway: Type.Optional(Text(40, "Only those of this gateway.")),
      state: Type.Optional(OneOf(INBOUND_STATES, "Only those in this state.")),
      type: Type.Optional(Text(100)),
      tenant_id: Type.Optional(Text(128, "Only those that concern this tenant.")),
      event_id: Type.Optional(Text(128, "Only the one that its gateway calls so.")),
    }),
    response: { 200: Page(InboundView) },
    handle: async ({ query }) => {
      const limit = query.limit ?? DEFAULT_LIMIT;
      const rows = await listInbound(onPool(ctx.pool), {
        gateway: query.gateway ?? null,
        state: query.state ?? null,
        type: query.type ?? null,
        tenantId: query.tenant_id ?? null,
        eventId: query.event_id ?? null,
        before: decodeMoment(query.cursor),
        limit: limit + 1,
      });
      return pageOf(rows, limit, inboundView, (row) => [formatInstant(row.received_at), row.id]);
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/inbound-events/:id",
    permission: "operate",
    summary: "Read one, with the body as it came",
    params: Params,
    response: { 200: InboundDetail },
    handle: async ({ params }) => {
      const row = await findInbound(onPool(ctx.pool), params.id);
      if (!row) throw new Refusal("not_found", "There is no such inbound event.");
      return { ...inboundView(row), body: row.body?.toString("utf8") ?? null };
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/inbound-events/:id/replay",
    permission: "operate",
    summary: "Work on one again, from the start; what it did before is not done twice",
    params: Params,
    body: Type.Optional(Closed({})),
    response: { 202: InboundView },
    handle: ({ params, write }) => write(async (tx) => inboundView(await replay(tx, params.id)), { status: 202 }),
  });
}

function webhookRoute(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "POST",
    url: "/v1/webhooks/:gateway",
    permission: "public",
    summary: "Take a gateway's webhook: verified by its signature, stored once, and worked on afterwards",
    params: Type.Object({ gateway: Type.String({ maxLength: 40, description: "The gateway's name: stripe or razorpay." }) }),
    bodyLimit: BODY_LIMIT,
    response: { 200: Type.Object({ id: Type.String(), duplicate: Type.Boolean() }) },
    handle: async ({ params, request }) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      return receive(ctx, { gateway: params.gateway, body, headers: request.headers });
    },
  });
}
