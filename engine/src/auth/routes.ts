/** HTTP of API keys. The secret is answered once, when it is made. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { formatInstant, parseInstant } from "../billing/time/instant.ts";
import type { Context } from "../context.ts";
import { onPool } from "../db/pool.ts";
import { Refusal } from "../errors.ts";
import { DEFAULT_LIMIT, decodeCursor, pageOf } from "../http/list.ts";
import { route } from "../http/route.ts";
import { Closed, Instant, ListQuery, Named, Nullable, OneOf, Page, TenantId, Text } from "../http/schema.ts";
import { withSecret } from "../http/with-secret.ts";
import { isId } from "../ids.ts";
import { createKey } from "./create-key.ts";
import { forgetKeys } from "./identify.ts";
import { requirePlatform } from "./platform.ts";
import { SCOPES } from "./principal.ts";
import { rotateKey } from "./rotate-key.ts";
import { type ApiKeyRow, listKeys, revokeKey } from "./store.ts";

const KeyAnswer = Named(
  "ApiKey",
  Type.Object({
    id: Type.String(),
    name: Type.String(),
    prefix: Type.String(),
    scopes: Type.Array(OneOf(SCOPES)),
    tenant_id: Nullable(Type.String()),
    expires_at: Nullable(Instant()),
    revoked_at: Nullable(Instant()),
    last_used_at: Nullable(Instant()),
    created_at: Instant(),
  }),
);

const SECRET = { secret: Type.Optional(Type.String({ description: "Absent where an idempotency key replays." })) };

export function keyRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "GET",
    url: "/v1/api-keys",
    permission: "admin",
    summary: "List API keys, newest first, without their secrets",
    query: Type.Object(ListQuery, { additionalProperties: false }),
    response: { 200: Page(KeyAnswer) },
    handle: async ({ query, principal }) => {
      requirePlatform(principal);
      const limit = query.limit ?? DEFAULT_LIMIT;
      const rows = await listKeys(onPool(ctx.pool), decodeCursor(query.cursor, 1)?.[0] ?? null, limit + 1);
      return pageOf(rows, limit, keyView, (row) => [row.id]);
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/api-keys",
    permission: "admin",
    summary: "Make an API key; the answer is the only place where its secret is shown",
    body: Closed({
      name: Text(255),
      scopes: Type.Array(OneOf(SCOPES), { minItems: 1, uniqueItems: true }),
      tenant_id: Type.Optional(Nullable(TenantId())),
      expires_at: Type.Optional(Nullable(Instant())),
    }),
    response: {
      201: Type.Object({ ...KeyAnswer.properties, ...SECRET }),
    },
    handle: async ({ body, principal, write }) => {
      requirePlatform(principal);
      const expiresAt = body.expires_at == null ? null : parseInstant(body.expires_at);
      return withSecret(write, keyView, (tx) =>
        createKey(tx, { name: body.name, scopes: body.scopes, tenantId: body.tenant_id ?? null, expiresAt }),
      );
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/api-keys/:id/rotate",
    permission: "admin",
    summary: "Make the successor of an API key; the old one works on for the overlap",
    params: Type.Object({ id: Type.String() }),
    body: Type.Optional(
      Closed({
        overlap_seconds: Type.Optional(
          Type.Integer({ minimum: 0, maximum: 2_592_000, description: "A day if not said; 0 ends the old key at once." }),
        ),
      }),
    ),
    response: { 201: Type.Object({ ...KeyAnswer.properties, ...SECRET }) },
    handle: async ({ params, body, principal, write }) => {
      requirePlatform(principal);
      if (!isId("apiKey", params.id)) throw new Refusal("not_found", "There is no such API key.");
      return withSecret(write, keyView, (tx) => {
        tx.afterCommit(() => forgetKeys(ctx));
        return rotateKey(tx, params.id, body?.overlap_seconds ?? 86_400);
      });
    },
  });

  route(app, ctx, {
    method: "DELETE",
    url: "/v1/api-keys/:id",
    permission: "admin",
    summary: "Revoke an API key",
    params: Type.Object({ id: Type.String() }),
    response: { 200: KeyAnswer },
    handle: async ({ params, principal, write }) => {
      requirePlatform(principal);
      return write(async (tx) => {
        const row = isId("apiKey", params.id) ? await revokeKey(tx, params.id, tx.now) : null;
        if (!row) throw new Refusal("not_found", "There is no such API key.");
        tx.afterCommit(() => forgetKeys(ctx));
        return keyView(row);
      });
    },
  });
}

function keyView(row: ApiKeyRow) {
  const instant = (at: number | null) => (at === null ? null : formatInstant(at));
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    scopes: row.scopes,
    tenant_id: row.tenant_id,
    expires_at: instant(row.expires_at),
    revoked_at: instant(row.revoked_at),
    last_used_at: instant(row.last_used_at),
    created_at: formatInstant(row.created_at),
  };
}
