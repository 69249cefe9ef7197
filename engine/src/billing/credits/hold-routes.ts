/** HTTP of holds. */
import type { FastifyInstance, FastifyReply } from "fastify";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { tenantNotFound } from "../../errors.ts";
import { DEFAULT_LIMIT, decodeMoment, pageOf } from "../../http/list.ts";
import { originOf, route } from "../../http/route.ts";
import { BEGINNING, formatInstant, type Instant } from "../time/instant.ts";
import { holdExpiry, keyOf, optionalAmount, positive } from "./ask.ts";
import { type Closed, captureHold, noHold, releaseHold } from "./close-hold.ts";
import { insufficientCredits } from "./earlier.ts";
import { findHold, listHolds } from "./hold-store.ts";
import { placeHold } from "./place-hold.ts";
import * as schema from "./schema.ts";
import { holdView } from "./view.ts";

export function holdRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/credits/holds",
    permission: "usage.write",
    summary: "Reserve credits, to take the true cost later",
    params: schema.OfTenant,
    body: schema.HoldBody,
    response: { 201: schema.HoldView },
    handle: async ({ params: { tenant_id: id }, body, request, reply, principal }) => {
      const key = keyOf(body, request.headers["idempotency-key"]);
      const amount = positive("amount", body.amount);
      const held = await commit(ctx, { principal, origin: originOf(request), tenantId: id, source: "api" }, (tx) =>
        placeHold(tx, { tenantId: id, amount, ...expiryOf(body, tx.now), reason: body.reason ?? null, key }),
      );
      if (held.outcome === "insufficient") throw insufficientCredits(held);
      reply.status(201);
      if (held.replayed) reply.header("Idempotent-Replayed", "true");
      // As it was answered when it was placed.
      return holdView({ ...held.hold, status: "open", captured: "0", closed_at: null });
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/credits/holds/:id/capture",
    permission: "usage.write",
    summary: "Take what a hold reserved, in part or whole; the rest goes back",
    params: schema.OfHold,
    body: schema.CaptureBody,
    response: { 200: schema.HoldView },
    handle: async ({ params, body, request, reply, principal }) => {
      const key = keyOf(body, request.headers["idempotency-key"]);
      const input = { tenantId: params.tenant_id, holdId: params.id, amount: optionalAmount(body?.amount), key };
      const closed = await commit(ctx, { principal, origin: originOf(request), tenantId: params.tenant_id, source: "api" }, (tx) =>
        captureHold(tx, input),
      );
      return closedView(closed, reply);
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/credits/holds/:id/release",
    permission: "usage.write",
    summary: "Give back what a hold reserved",
    params: schema.OfHold,
    body: schema.ReleaseBody,
    response: { 200: schema.HoldView },
    handle: async ({ params, body, request, reply, principal }) => {
      const key = keyOf(body, request.headers["idempotency-key"]);
      const input = { tenantId: params.tenant_id, holdId: params.id, key };
      const closed = await commit(ctx, { principal, origin: originOf(request), tenantId: params.tenant_id, source: "api" }, (tx) =>
        releaseHold(tx, input),
      );
      return closedView(closed, reply);
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/credits/holds",
    permission: "billing.read",
    summary: "List the holds of a tenant, newest first",
    params: schema.OfTenant,
    query: schema.HoldsQuery,
    response: { 200: schema.HoldsPage },
    handle: async ({ params: { tenant_id: id }, query }) => {
      const tenant = await ctx.tenants.find(id);
      if (!tenant) throw tenantNotFound(id);
      const limit = query.limit ?? DEFAULT_LIMIT;
      const now = await ctx.tenants.now(tenant);
      const ask = { now, status: query.status ?? null, before: decodeMoment(query.cursor), limit: limit + 1 };
      const rows = await listHolds(onPool(ctx.pool), id, ask);
      return pageOf(
        rows,
        limit,
        (row) => holdView(row, now),
        (row) => [formatInstant(row.created_at), row.id],
      );
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/credits/holds/:id",
    permission: "billing.read",
    summary: "Read a hold",
    params: schema.OfHold,
    response: { 200: schema.HoldView },
    handle: async ({ params: { tenant_id: id, id: holdId } }) => {
      const tenant = await ctx.tenants.find(id);
      if (!tenant) throw tenantNotFound(id);
      const hold = await findHold(onPool(ctx.pool), id, holdId);
      if (!hold) throw noHold(holdId);
      return holdView(hold, await ctx.tenants.now(tenant));
    },
  });
}

/** Whether an instant is past is asked where the hold is new: sent again later, it answers as before. */
function expiryOf(body: { expires_in?: number; expires_at?: string }, now: Instant) {
  return holdExpiry(body, body.expires_at === undefined ? now : BEGINNING);
}

function closedView({ hold, replayed }: Closed, reply: FastifyReply) {
  if (replayed) reply.header("Idempotent-Replayed", "true");
  return holdView(hold);
}
