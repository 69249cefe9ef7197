/** HTTP of webhook endpoints. Who is confined to a tenant has those of that tenant; the operator has all, and the platform's own. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { parseInstant } from "../../billing/time/instant.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { DEFAULT_LIMIT, decodeCursor, pageOf } from "../../http/list.ts";
import { confine, route } from "../../http/route.ts";
import { Closed, Instant, ListQuery, Nullable, OneOf, Page, TenantId, Text } from "../../http/schema.ts";
import { withSecret } from "../../http/with-secret.ts";
import { isId } from "../../ids.ts";
import { changeEndpoint, createEndpoint, noEndpoint } from "./put-endpoint.ts";
import { redeliver, testEndpoint } from "./redeliver.ts";
import { rotateWebhookSecret } from "./rotate-secret.ts";
import { deleteEndpoint, findEndpoint, listEndpoints } from "./store.ts";
import { deliveryView, endpointView, WebhookDelivery, WebhookEndpoint, WebhookEndpointWithSecret } from "./view.ts";

const DAY_SECONDS = 86_400;
const Params = Type.Object({ id: Type.String({ maxLength: 64, description: "we_…" }) });
const Fields = {
  description: Type.Optional(Nullable(Text(500))),
  event_types: Type.Optional(
    Type.Array(Text(64), {
      minItems: 1,
      maxItems: 100,
      description: "invoice.paid, all of a noun by invoice.*, everything by *; also billing.usage_aggregated and billing.invoice.created.",
    }),
  ),
  ordered: Type.Optional(Type.Boolean({ description: "The events of one tenant one after the other: what fails holds up what follows." })),
  disabled: Type.Optional(Type.Boolean({ description: "What happens while it is disabled is not sent; `redeliver` makes up for it." })),
};

const known = (id: string) => {
  if (!isId("webhookEndpoint", id)) throw noEndpoint();
  return id;
};

export function webhookEndpointRoutes(app: FastifyInstance, ctx: Context): void {
  const db = onPool(ctx.pool);
  route(app, ctx, {
    method: "GET",
    url: "/v1/webhook-endpoints",
    permission: "billing.read",
    summary: "List webhook endpoints, newest first",
    query: Closed({ ...ListQuery, tenant_id: Type.Optional(TenantId()) }),
    response: { 200: Page(WebhookEndpoint) },
    handle: async ({ query }) => {
      const limit = query.limit ?? DEFAULT_LIMIT;
      const rows = await listEndpoints(db, query.tenant_id, decodeCursor(query.cursor, 1)?.[0] ?? null, limit + 1);
      return pageOf(rows, limit, endpointView, (row) => [row.id]);
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/webhook-endpoints",
    permission: "billing.write",
    summary: "Make a webhook endpoint; the answer is the only place where its secret is shown",
    body: Closed({
      url: Text(2_048, "Where events are posted to."),
      tenant_id: Type.Optional(Nullable(TenantId())),
      ...Fields,
    }),
    response: { 201: WebhookEndpointWithSecret },
    handle: async ({ body, principal, write }) => {
      const { tenant_id, ...input } = body;
      if (principal.tenantId !== null && tenant_id != null) confine(principal, tenant_id);
      const owner = tenant_id ?? principal.tenantId;
      return withSecret(write, endpointView, (tx) => createEndpoint(tx, owner, input));
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/webhook-endpoints/:id",
    permission: "billing.read",
    summary: "Read a webhook endpoint",
    params: Params,
    response: { 200: WebhookEndpoint },
    handle: async ({ params }) => {
      const row = await findEndpoint(db, known(params.id));
      if (!row) throw noEndpoint();
      return endpointView(row);
    },
  });

  route(app, ctx, {
    method: "PATCH",
    url: "/v1/webhook-endpoints/:id",
    permission: "billing.write",
    summary: "Change a webhook endpoint, disable it, or enable it again",
    params: Params,
    body: Closed({ url: Type.Optional(Text(2_048)), ...Fields }),
    response: { 200: WebhookEndpoint },
    handle: async ({ params, body, write }) => write(async (tx) => endpointView(await changeEndpoint(tx, known(params.id), body))),
  });

  route(app, ctx, {
    method: "DELETE",
    url: "/v1/webhook-endpoints/:id",
    permission: "billing.write",
    summary: "Delete a webhook endpoint, with its log",
    params: Params,
    response: { 200: WebhookEndpoint },
    handle: async ({ params, write }) =>
      write(async (tx) => {
        const row = await deleteEndpoint(tx, known(params.id));
        if (!row) throw noEndpoint();
        return endpointView(row);
      }),
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/webhook-endpoints/:id/rotate-secret",
    permission: "billing.write",
    summary: "Give a webhook endpoint a new secret; until the overlap ends both sign",
    params: Params,
    body: Type.Optional(
      Closed({
        overlap_seconds: Type.Optional(
          Type.Integer({ minimum: 0, maximum: 30 * DAY_SECONDS, description: "A day if not said; 0 ends the old secret at once." }),
        ),
      }),
    ),
    response: { 201: WebhookEndpointWithSecret },
    handle: async ({ params, body, write }) =>
      withSecret(write, endpointView, (tx) => rotateWebhookSecret(tx, known(params.id), body?.overlap_seconds ?? DAY_SECONDS)),
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/webhook-endpoints/:id/test",
    permission: "billing.write",
    summary: "Send a message of type webhook.test to a webhook endpoint",
    params: Params,
    body: Type.Optional(Closed({})),
    response: { 202: WebhookDelivery },
    handle: async ({ params, write }) => write(async (tx) => deliveryView(await testEndpoint(tx, known(params.id))), { status: 202 }),
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/webhook-endpoints/:id/redeliver",
    permission: "billing.write",
    summary: "Send everything since an instant again, also what the endpoint was never told of",
    params: Params,
    body: Closed({
      since: Instant("Events that were written down at this instant or later."),
      until: Type.Optional(Nullable(Instant("And before this one."))),
      which: Type.Optional(OneOf(["undelivered", "all"], "undelivered, if not said: what was delivered is left out.")),
    }),
    response: { 202: Type.Object({ redelivered: Type.Integer({ description: "How many are sent again." }) }) },
    handle: async ({ params, body, write }) => {
      const again = {
        since: parseInstant(body.since)!,
        until: body.until == null ? null : parseInstant(body.until),
        which: body.which ?? "undelivered",
      };
      return write(async (tx) => ({ redelivered: await redeliver(tx, known(params.id), again) }), { status: 202 });
    },
  });
}
