/** HTTP of entitlements: asking, consuming, and what a billing page needs in one call. */
import { createHash } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { Refusal, tenantNotFound } from "../../errors.ts";
import { toJson } from "../../http/json.ts";
import { Printed, route } from "../../http/route.ts";
import { Instant, Nullable, OneOf, Quantity, TenantId } from "../../http/schema.ts";
import { BalanceView } from "../credits/schema.ts";
import { InvoiceView } from "../invoices/view.ts";
import { decimal } from "../money/decimal.ts";
import { SubscriptionView } from "../subscriptions/view.ts";
import { parseInstant } from "../time/instant.ts";
import { checkMeter, readEntitlements } from "./check.ts";
import { consume } from "./consume.ts";
import { explainCheck } from "./explain.ts";
import { overrideRoutes } from "./override-routes.ts";
import {
  CheckQuery,
  CheckView,
  ConsumeBody,
  ConsumptionView,
  EntitlementsView,
  ExceededView,
  ExplainView,
  OfFeature,
  OfMeter,
  OfTenant,
} from "./schema.ts";
import { summaryOf } from "./summary.ts";

export function entitlementRoutes(app: FastifyInstance, ctx: Context): void {
  overrideRoutes(app, ctx);

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/entitlements",
    permission: "billing.read",
    summary: "All that the tenant may use; If-None-Match answers 304 while nothing of it has changed",
    params: OfTenant,
    response: { 200: EntitlementsView },
    handle: async ({ params, request, reply }) => {
      const text = toJson(await readEntitlements(ctx, params.tenant_id));
      const tag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 27)}"`;
      reply.header("ETag", tag).header("Cache-Control", "private, no-cache");
      if (!names(request.headers["if-none-match"], tag)) return new Printed(text);
      reply.status(304);
      return new Printed("");
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/entitlements/:feature",
    permission: "billing.read",
    summary: "Whether the tenant may use a feature, so much more of it",
    params: OfFeature,
    query: CheckQuery,
    response: { 200: CheckView },
    handle: async ({ params, query }) => {
      const { tenant_id, feature } = params;
      if (query.quantity === undefined) return new Printed(await ctx.entitlements.checkText(tenant_id, feature));
      return ctx.entitlements.check(tenant_id, feature, decimal(query.quantity));
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/entitlements/:feature/explain",
    permission: "billing.read",
    summary: "Why a check is answered as it is: the rule behind it, and whose it is",
    params: OfFeature,
    response: { 200: ExplainView },
    handle: ({ params }) => explainCheck(ctx, params.tenant_id, params.feature),
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/entitlements/:feature/consume",
    permission: "usage.write",
    summary: "Check and record in one step; a hard limit that would be passed is 429 quota_exceeded, and nothing is recorded",
    params: OfFeature,
    body: Type.Optional(ConsumeBody),
    response: { 200: ConsumptionView },
    handle: async ({ params, body, request, reply }) => {
      const header = request.headers["idempotency-key"];
      try {
        const consumed = await consume(ctx, {
          tenantId: params.tenant_id,
          feature: params.feature,
          quantity: body?.quantity,
          key: body?.idempotency_key ?? (header === undefined ? undefined : String(header)),
          properties: body?.properties as Record<string, unknown> | undefined,
        });
        if (consumed.replayed) reply.header("Idempotent-Replayed", "true");
        return new Printed(consumed.json);
      } catch (error) {
        const after = await retryAfter(ctx, params.tenant_id, error);
        if (after !== null) reply.header("Retry-After", after);
        throw error;
      }
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/entitlements/invalidate",
    permission: "usage.write",
    summary: "Drop what is kept in memory of the tenant, on every node",
    params: OfTenant,
    response: { 200: Type.Object({ tenant_id: TenantId(), invalidated: Type.Boolean() }) },
    handle: async ({ params }) => {
      ctx.tenants.forget(params.tenant_id);
      if (!(await ctx.tenants.find(params.tenant_id))) throw tenantNotFound(params.tenant_id);
      await ctx.entitlements.invalidate(params.tenant_id);
      return { tenant_id: params.tenant_id, invalidated: true };
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/usage/:meter/exceeded",
    permission: "billing.read",
    summary: "Whether the limits on a meter are used up: the tightest of them",
    params: OfMeter,
    response: { 200: ExceededView },
    handle: async ({ params }) => checkMeter(ctx, params.tenant_id, params.meter),
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/summary",
    permission: "billing.read",
    summary: "What a billing page needs: subscription, entitlements, open invoices, the next invoice, usage of the period",
    params: OfTenant,
    response: { 200: SummaryView },
    handle: async ({ params }) => summaryOf(ctx, params.tenant_id),
  });
}

const SummaryView = Type.Object({
  tenant_id: TenantId(),
  now: Type.Unsafe<string>({ ...Instant(), description: "What time it is for the tenant: by its test clock, if it is on one." }),
  mode: OneOf(["sandbox", "live"]),
  subscription: SubscriptionView,
  entitlements: EntitlementsView,
  credits: BalanceView,
  open_invoices: Type.Array(InvoiceView),
  next_invoice: Nullable(InvoiceView),
  usage: Type.Object({
    period_start: Instant(),
    period_end: Instant(),
    meters: Type.Array(Type.Object({ meter: Type.String(), unit: Nullable(Type.String()), value: Quantity() })),
  }),
});

/** Whether If-None-Match names the tag, also as a weak one. */
function names(header: string | undefined, tag: string): boolean {
  return (header ?? "").split(",").some((one) => one.trim().replace(/^W\//, "") === tag || one.trim() === "*");
}

/** Whole seconds until the limit that refused is a new one, by the tenant's clock; null: that is not what happened, or never. */
async function retryAfter(ctx: Context, tenantId: string, error: unknown): Promise<number | null> {
  const resetsAt = error instanceof Refusal && error.code === "quota_exceeded" ? (error.extra.resets_at as string | null) : null;
  const tenant = resetsAt === null ? null : await ctx.tenants.find(tenantId);
  return tenant ? Math.max(1, Math.ceil((parseInstant(resetsAt!)! - (await ctx.tenants.now(tenant))) / 1_000)) : null;
}
