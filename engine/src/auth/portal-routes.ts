/** HTTP of links to pages and of the sessions that they open. A link works once and for minutes; a session is a credential of one tenant. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { findPortal } from "../billing/payments/gateway-portal.ts";
import { formatInstant } from "../billing/time/instant.ts";
import { commit } from "../commit.ts";
import type { Context } from "../context.ts";
import { invalidField, Refusal } from "../errors.ts";
import { originOf, Printed, route } from "../http/route.ts";
import { Closed, Instant, Named, Nullable, OneOf, TenantId, Text } from "../http/schema.ts";
import { newId } from "../ids.ts";
import { forgetKeys } from "./identify.ts";
import { hashSecret, LINK_MS, mayGrant, mintSecret, SESSION_MS } from "./link.ts";
import { PUBLIC } from "./principal.ts";
import { ROLES } from "./roles.ts";
import { endSession, insertLink, insertSession, useLink } from "./session-store.ts";

const TENANT_ROLES = ROLES.filter((role) => role !== "platform_admin");

const PortalAnswer = Named(
  "PortalLink",
  Type.Object({
    url: Type.Optional(Type.String({ description: "Opens the pages of this tenant, once. Absent where an idempotency key replays." })),
    expires_at: Instant(),
  }),
);

const SessionAnswer = Named(
  "Session",
  Type.Object({
    access_token: Type.String({ description: "Sent as `Authorization: Bearer …`." }),
    expires_at: Instant(),
    tenant_id: Nullable(Type.String()),
    role: OneOf(ROLES),
    subject: Nullable(Type.String()),
    return_url: Nullable(Type.String()),
  }),
);

export function portalRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/portal",
    permission: "billing.read",
    summary:
      "Make a link that signs somebody in to the pages of this tenant, once and within 15 minutes; of a tenant at a gateway with a portal, to that",
    params: Type.Object({ tenant_id: TenantId() }),
    body: Closed({
      page: Type.Optional(
        OneOf(["gateway", "own"], "Of a tenant that is known at a gateway with a portal, that one, if not said; `own`: the engine's."),
      ),
      return_url: Type.Optional(Nullable(Text(2_048, "Where the page's way back leads; http or https."))),
      role: Type.Optional(OneOf(TENANT_ROLES, "What they may do there; owner if not said, and never more than who asks.")),
      subject: Type.Optional(Nullable(Text(255, "Who it is for, in your own words: the audit log names them so."))),
    }),
    response: { 201: PortalAnswer },
    handle: async ({ params, body, principal, write }) => {
      const role = body.role ?? principal.role ?? "owner";
      if (!mayGrant(principal, role)) throw new Refusal("forbidden", `A ${principal.role} cannot hand on the role ${role}.`);
      if (principal.role === null && !principal.scopes.has("billing.write") && !principal.scopes.has("admin") && role !== "viewer")
        throw new Refusal("forbidden", "Without the scope billing.write only a link for a viewer can be made.");
      const returnUrl = body.return_url ?? ctx.config.frontendUrl;
      if (returnUrl !== null && !isWebAddress(returnUrl)) throw invalidField("return_url", "must be an http or https address");
      // A gateway's portal lets everybody change what is paid with.
      const there = body.page !== "own" && (role === "owner" || role === "admin");
      const portal = there ? await findPortal(ctx, params.tenant_id) : null;
      if (portal) {
        const opened = await portal.open(returnUrl);
        return write(async () => opened, { status: 201 });
      }
      const { secret, hash } = mintSecret("link");
      const answer = await write(
        async (tx) => {
          const now = ctx.clock.now();
          const link = {
            tenant_id: params.tenant_id,
            role,
            subject: body.subject ?? null,
            return_url: returnUrl,
            expires_at: now + LINK_MS,
          };
          await insertLink(tx, hash, link, now);
          return { expires_at: formatInstant(link.expires_at) };
        },
        { status: 201 },
      );
      // Added to the answer only now: a replay is answered from what is stored, and a secret is stored nowhere.
      return answer instanceof Printed ? answer : { ...(answer as object), url: `${ctx.config.publicUrl}/portal#token=${secret}` };
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/sessions",
    permission: "public",
    summary: "Exchange the token of a portal link, which then is used up, for a session",
    body: Closed({ token: Text(128) }),
    response: { 201: SessionAnswer },
    handle: async ({ body, reply, request }) => {
      const { secret, hash } = mintSecret("session");
      const answer = await commit(ctx, { principal: PUBLIC, origin: originOf(request) }, async (tx) => {
        const link = await useLink(tx, hashSecret(body.token), tx.now);
        if (!link) throw new Refusal("unauthenticated", "This link is not valid any more: it was used, or has expired. Ask for a new one.");
        const session = { ...link, id: newId("session"), expires_at: tx.now + SESSION_MS };
        await insertSession(tx, hash, session, tx.now);
        return {
          expires_at: formatInstant(session.expires_at),
          tenant_id: link.tenant_id,
          role: link.role,
          subject: link.subject,
          return_url: link.return_url,
        };
      });
      reply.status(201);
      return { access_token: secret, ...answer };
    },
  });

  route(app, ctx, {
    method: "DELETE",
    url: "/v1/sessions/current",
    permission: "any",
    summary: "End the session whose credential this is sent with",
    response: { 200: Type.Object({ ended: Type.Boolean() }) },
    handle: async ({ principal, request, write }) => {
      if (principal.kind !== "session") throw new Refusal("invalid_state", "This is not a session, so there is none to end.");
      const secret = (request.headers.authorization ?? "").replace(/^Bearer +/i, "");
      return write(
        async (tx) => {
          await endSession(tx, hashSecret(secret), tx.now);
          tx.afterCommit(() => forgetKeys(ctx));
          return { ended: true };
        },
        { tenantId: null },
      );
    },
  });
}

function isWebAddress(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? "");
}
