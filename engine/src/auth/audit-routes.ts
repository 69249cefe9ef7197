/** HTTP of the audit log: who changed what, from where, before and after. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { formatInstant } from "../billing/time/instant.ts";
import type { Context } from "../context.ts";
import { onPool } from "../db/pool.ts";
import { Refusal } from "../errors.ts";
import { DEFAULT_LIMIT, decodeNumber, pageOf } from "../http/list.ts";
import { route } from "../http/route.ts";
import { Instant, ListQuery, Named, Nullable, OneOf, Page, TenantId } from "../http/schema.ts";
import { type AuditRow, listAudit } from "./audit-store.ts";

const Fields = Type.Unsafe<Record<string, unknown>>({ type: "object", additionalProperties: true });

const AuditAnswer = Named(
  "AuditEntry",
  Type.Object({
    id: Type.String(),
    at: Instant(),
    actor: Type.Object({
      kind: OneOf(["key", "person", "session", "engine", "public"]),
      id: Type.String(),
      role: Nullable(Type.String()),
    }),
    tenant_id: Nullable(Type.String()),
    action: Type.String({ description: "What was asked: method and path." }),
    object_type: Type.String(),
    object_id: Type.String(),
    change: OneOf(["created", "updated", "deleted"]),
    before: Nullable(Fields),
    after: Nullable(Fields),
    request_id: Nullable(Type.String()),
    ip: Nullable(Type.String()),
    user_agent: Nullable(Type.String()),
  }),
);

export function auditRoutes(app: FastifyInstance, ctx: Context): void {
  const db = onPool(ctx.pool);
  route(app, ctx, {
    method: "GET",
    url: "/v1/audit-log",
    permission: "billing.write",
    summary: "List what was changed by whom, newest first; of an update only the fields that changed",
    query: Type.Object(
      {
        ...ListQuery,
        tenant_id: Type.Optional(TenantId()),
        object_type: Type.Optional(Type.String({ maxLength: 64, description: "Such as subscription, invoice or api_key." })),
        object_id: Type.Optional(Type.String({ maxLength: 255, description: "The id or key of the object." })),
        actor: Type.Optional(Type.String({ maxLength: 255, description: "The id of a key, or the subject of a person." })),
        from: Type.Optional(Instant()),
        to: Type.Optional(Instant()),
      },
      { additionalProperties: false },
    ),
    response: { 200: Page(AuditAnswer) },
    handle: async ({ query, principal }) => {
      if (principal.tenantId === null && !principal.scopes.has("admin"))
        throw new Refusal("forbidden", "The log of all tenants needs the scope admin.");
      const limit = query.limit ?? DEFAULT_LIMIT;
      const rows = await listAudit(db, {
        tenantId: principal.tenantId ?? query.tenant_id ?? null,
        objectType: query.object_type ?? null,
        objectId: query.object_id ?? null,
        actor: query.actor ?? null,
        from: query.from ?? null,
        to: query.to ?? null,
        before: decodeNumber(query.cursor),
        limit: limit + 1,
      });
      return pageOf(rows, limit, view, (row) => [row.seq.toString()]);
    },
  });
}

function view(row: AuditRow) {
  return {
    id: row.seq.toString(),
    at: formatInstant(row.at),
    actor: { kind: row.actor_kind, id: row.actor_id, role: row.actor_role },
    tenant_id: row.tenant_id,
    action: row.action,
    object_type: row.object_type,
    object_id: row.object_id,
    change: row.change,
    before: row.before,
    after: row.after,
    request_id: row.request_id,
    ip: row.ip,
    user_agent: row.user_agent,
  };
}
