/** HTTP of what one tenant is given in place of what its plan says. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { tenantNotFound } from "../../errors.ts";
import { route } from "../../http/route.ts";
import { decimal } from "../money/decimal.ts";
import { parseInstant } from "../time/instant.ts";
import { putOverride, removeOverride } from "./put-override.ts";
import { OfFeature, OfTenant, OverrideBody, OverrideView } from "./schema.ts";
import { listOverrides } from "./store.ts";
import { overrideView } from "./view.ts";

export function overrideRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/entitlement-overrides",
    permission: "billing.read",
    summary: "What the tenant is given in place of what its plan says, by feature; also what has expired",
    params: OfTenant,
    response: { 200: Type.Object({ items: Type.Array(OverrideView) }) },
    handle: async ({ params }) => {
      if (!(await ctx.tenants.find(params.tenant_id))) throw tenantNotFound(params.tenant_id);
      return { items: (await listOverrides(onPool(ctx.pool), params.tenant_id)).map(overrideView) };
    },
  });

  route(app, ctx, {
    method: "PUT",
    url: "/v1/tenants/:tenant_id/entitlement-overrides/:feature",
    permission: "operate",
    summary: "Give the tenant something else of a feature than its plan does; replaces what was given before",
    params: OfFeature,
    body: OverrideBody,
    response: { 200: OverrideView, 201: OverrideView },
    handle: async ({ params, body, write }) => {
      let made = false;
      const { limit, expires_at, reason, ...rest } = body;
      return write(
        async (tx) => {
          const { row, created } = await putOverride(tx, params.tenant_id, {
            ...rest,
            feature: params.feature,
            ...(limit === undefined ? {} : { limit: limit === null ? null : decimal(limit).toFixed() }),
            expiresAt: expires_at == null ? null : parseInstant(expires_at)!,
            reason: reason ?? null,
          });
          made = created;
          return overrideView(row);
        },
        { status: () => (made ? 201 : 200) },
      );
    },
  });

  route(app, ctx, {
    method: "DELETE",
    url: "/v1/tenants/:tenant_id/entitlement-overrides/:feature",
    permission: "operate",
    summary: "The tenant has again what its plan says of the feature",
    params: OfFeature,
    response: { 200: OverrideView },
    handle: async ({ params, write }) => write(async (tx) => overrideView(await removeOverride(tx, params.tenant_id, params.feature))),
  });
}
