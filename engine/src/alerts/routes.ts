/** HTTP of alerts and their rules. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { requirePlatform } from "../auth/platform.ts";
import { formatInstant } from "../billing/time/instant.ts";
import type { Context } from "../context.ts";
import { onPool } from "../db/pool.ts";
import { Refusal, tenantNotFound } from "../errors.ts";
import { DEFAULT_LIMIT, decodeMoment, pageOf } from "../http/list.ts";
import { route } from "../http/route.ts";
import { Closed, ListQuery, OneOf, Page, TenantId } from "../http/schema.ts";
import { isId } from "../ids.ts";
import { type RuleInput, setRule } from "./put-rule.ts";
import { ALERT_KINDS, ruleOf, rulesOf } from "./rule.ts";
import { ALERT_STATES, acknowledge, deleteRule, listAlerts, readRules } from "./store.ts";
import { AlertView, alertView, RuleBody, RuleView, ruleView } from "./view.ts";

export function alertRoutes(app: FastifyInstance, ctx: Context): void {
  ruleRoutes(app, ctx);

  route(app, ctx, {
    method: "GET",
    url: "/v1/alerts",
    permission: "billing.read",
    summary: "What was found, newest first",
    query: Closed({
      ...ListQuery,
      tenant_id: Type.Optional(TenantId()),
      kind: Type.Optional(OneOf(ALERT_KINDS, "What it was raised for.")),
      state: Type.Optional(OneOf(ALERT_STATES, "All if not said.")),
    }),
    response: { 200: Page(AlertView) },
    handle: async ({ query, principal }) => {
      if (principal.tenantId !== null && query.tenant_id !== undefined && query.tenant_id !== principal.tenantId)
        throw tenantNotFound(query.tenant_id);
      const limit = query.limit ?? DEFAULT_LIMIT;
      const rows = await listAlerts(onPool(ctx.pool), {
        tenantId: principal.tenantId ?? query.tenant_id ?? null,
        kind: query.kind ?? null,
        state: query.state ?? null,
        before: decodeMoment(query.cursor),
        limit: limit + 1,
      });
      return pageOf(rows, limit, alertView, (row) => [formatInstant(row.raised_at), row.id]);
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/alerts/:id/acknowledge",
    permission: "operate",
    summary: "Say that somebody has seen it; it lasts until its cause is gone",
    params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
    response: { 200: AlertView },
    handle: ({ params, principal, write }) =>
      write(async (tx) => {
        const row = isId("alert", params.id) ? await acknowledge(tx, params.id, principal.id) : null;
        if (!row) throw new Refusal("not_found", "There is no such alert.");
        tx.emit({
          type: "alert.acknowledged",
          tenantId: row.tenant_id,
          subject: row.id,
          summary: "An alert was acknowledged.",
          data: { alert: row.id, kind: row.kind, about: row.subject },
        });
        return alertView(row);
      }),
  });
}

function ruleRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "GET",
    url: "/v1/alert-rules",
    permission: "billing.read",
    summary: "What is watched: the rule of each kind, and those of single tenants; with tenant_id, what holds for that one",
    query: Closed({ tenant_id: Type.Optional(TenantId()) }),
    response: { 200: Page(RuleView) },
    handle: async ({ query, principal }) => {
      requirePlatform(principal);
      const { tenant_id = null } = query;
      const rows = await readRules(onPool(ctx.pool), null, tenant_id === null ? null : [tenant_id]);
      const known = new Set(rows.map((row) => `${row.kind} ${row.tenant_id ?? ""}`));
      const isDefault = (kind: string, tenant: string | null) => !known.has(`${kind} ${tenant ?? ""}`);
      const ruleFor = rulesOf(rows);
      const holding = ALERT_KINDS.map((kind) => ruleFor(kind, tenant_id));
      const own = tenant_id === null ? rows.filter((row) => row.tenant_id !== null).map(ruleOf) : [];
      return { items: [...holding, ...own].map((rule) => ruleView(rule, isDefault(rule.kind, rule.tenantId))), next_cursor: null };
    },
  });

  route(app, ctx, {
    method: "PUT",
    url: "/v1/alert-rules",
    permission: "operate",
    summary: "Set the rule of a kind, for all tenants or for one",
    body: RuleBody,
    response: { 200: RuleView },
    handle: async ({ body, write }) => {
      const { tenant_id } = body;
      if (tenant_id !== undefined && !(await ctx.tenants.find(tenant_id))) throw tenantNotFound(tenant_id);
      return write(async (tx) => ruleView(ruleOf(await setRule(tx, body as RuleInput)), false));
    },
  });

  route(app, ctx, {
    method: "DELETE",
    url: "/v1/alert-rules/:kind",
    permission: "operate",
    summary: "Back to the default, or for one tenant to what holds for all",
    params: Type.Object({ kind: OneOf(ALERT_KINDS, "What is watched.") }),
    query: Closed({ tenant_id: Type.Optional(TenantId()) }),
    response: { 200: Type.Object({ kind: OneOf(ALERT_KINDS), deleted: Type.Boolean() }) },
    handle: ({ params, query, write }) =>
      write(async (tx) => ({ kind: params.kind, deleted: await deleteRule(tx, params.kind, query.tenant_id ?? null) })),
  });
}
