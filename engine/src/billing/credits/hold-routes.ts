/** HTTP of holds. */
import type { FastifyInstance } from "fastify";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { originOf, route } from "../../http/route.ts";
import { holdExpiry, keyOf, optionalAmount, positive } from "./ask.ts";
import { captureHold, releaseHold } from "./close-hold.ts";
import { insufficientCredits } from "./earlier.ts";
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
        placeHold(tx, { tenantId: id, amount, ...holdExpiry(body, tx.now), reason: body.reason ?? null, key }),
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
    handle: async ({ params, body, request, principal }) => {
      const key = keyOf(body, request.headers["idempotency-key"]);
      const input = { tenantId: params.tenant_id, holdId: params.id, amount: optionalAmount(body?.amount), key };
      return holdView(
        await commit(ctx, { principal, origin: originOf(request), tenantId: params.tenant_id, source: "api" }, (tx) =>
          captureHold(tx, input),
        ),
      );
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
    handle: async ({ params, body, request, principal }) => {
      const key = keyOf(body, request.headers["idempotency-key"]);
      const input = { tenantId: params.tenant_id, holdId: params.id, key };
      return holdView(
        await commit(ctx, { principal, origin: originOf(request), tenantId: params.tenant_id, source: "api" }, (tx) =>
          releaseHold(tx, input),
        ),
      );
    },
  });
}
