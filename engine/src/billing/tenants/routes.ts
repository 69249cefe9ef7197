/** HTTP of tenants. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { tenantNotFound } from "../../errors.ts";
import { DEFAULT_LIMIT, decodeMoment, pageOf } from "../../http/list.ts";
import { route } from "../../http/route.ts";
import { ListQuery, Page } from "../../http/schema.ts";
import { formatInstant } from "../time/instant.ts";
import { eraseTenant } from "./erase-tenant.ts";
import { putTenant, type TenantChange } from "./put-tenant.ts";
import { TenantAnswer, TenantBody } from "./schema.ts";
import { findTenant, listTenants } from "./store.ts";
import { tenantView } from "./tenant.ts";

const OfTenant = Type.Object({ tenant_id: Type.String() });

export function tenantRoutes(app: FastifyInstance, ctx: Context): void {
  const db = onPool(ctx.pool);

  route(app, ctx, {
    method: "PUT",
    url: "/v1/tenants/:tenant_id",
    permission: "billing.write",
    operatorFields: { test_clock: "any", tax_exempt: "any", provider_sync: "any" },
    summary: "Create a tenant, or change the fields that are given",
    params: OfTenant,
    body: TenantBody,
    response: { 200: TenantAnswer, 201: TenantAnswer },
    handle: async ({ params, body, write }) => {
      let created = false;
      return write(
        async (tx) => {
          const outcome = await putTenant(tx, params.tenant_id, body as TenantChange);
          created = outcome.created;
          return tenantView(outcome.tenant);
        },
        // A tenant that is not there yet has no clock of its own.
        { status: () => (created ? 201 : 200), tenantId: null },
      );
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants",
    permission: "billing.read",
    summary: "List tenants, newest first",
    query: Type.Object(
      {
        ...ListQuery,
        q: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: "A part of the id, the name or a mail address." })),
      },
      { additionalProperties: false },
    ),
    response: { 200: Page(TenantAnswer) },
    handle: async ({ query, principal }) => {
      const limit = query.limit ?? DEFAULT_LIMIT;
      const [createdAt, id] = decodeMoment(query.cursor) ?? [];
      const after = createdAt === undefined || id === undefined ? null : { createdAt, id };
      const rows = await listTenants(db, { after, limit: limit + 1, only: principal.tenantId, words: query.q ?? null });
      return pageOf(rows, limit, tenantView, (row) => [formatInstant(row.created_at), row.id]);
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id",
    permission: "billing.read",
    summary: "Read one tenant",
    params: OfTenant,
    response: { 200: TenantAnswer },
    handle: async ({ params }) => {
      const row = await findTenant(db, params.tenant_id);
      if (!row) throw tenantNotFound(params.tenant_id);
      return tenantView(row);
    },
  });

  route(app, ctx, {
    method: "DELETE",
    url: "/v1/tenants/:tenant_id",
    permission: "admin",
    summary: "Erase the personal data of a tenant and keep its books",
    params: OfTenant,
    response: { 200: TenantAnswer },
    handle: async ({ params, write }) => write(async (tx) => tenantView(await eraseTenant(tx, params.tenant_id)), { tenantId: null }),
  });
}
