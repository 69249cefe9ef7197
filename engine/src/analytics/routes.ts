/** HTTP of analytics: figures of the operator over all tenants, and which plan would be cheaper for one. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { requirePlatform } from "../auth/platform.ts";
import { LineView } from "../billing/invoices/view.ts";
import { parseInstant } from "../billing/time/instant.ts";
import type { Context } from "../context.ts";
import { tenantNotFound } from "../errors.ts";
import { route } from "../http/route.ts";
import { creditsOf } from "./credits.ts";
import { paymentsOf } from "./payments.ts";
import { planAdvice } from "./plan-advice.ts";
import { revenueOf } from "./revenue.ts";
import {
  adviceAnswer,
  CreditsAnswer,
  CreditsQuery,
  PaymentsAnswer,
  PaymentsQuery,
  RevenueAnswer,
  RevenueQuery,
  SubscriptionsAnswer,
  UsageAnswer,
  UsageQuery,
} from "./schema.ts";
import { subscriptionsOf } from "./subscriptions.ts";
import { usageOf } from "./usage.ts";
import { type Granularity, windowOf } from "./window.ts";

interface Asked {
  from?: string;
  to?: string;
  granularity?: Granularity;
  currency?: string;
  plan?: string;
  test_clock?: string;
}

export function analyticsRoutes(app: FastifyInstance, ctx: Context): void {
  const instant = (text: string | undefined) => (text === undefined ? undefined : parseInstant(text)!);
  const asked = (query: Asked) => ({
    window: windowOf({ from: instant(query.from), to: instant(query.to), granularity: query.granularity ?? "month" }, ctx.clock.now()),
    scope: { currency: query.currency ?? null, plan: query.plan ?? null, testClockId: query.test_clock ?? null },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/analytics/revenue",
    permission: "billing.read",
    summary: "Recurring revenue and what moved it, invoiced and collected, churn, trials, forecasts; by currency",
    query: RevenueQuery,
    response: { 200: RevenueAnswer },
    handle: ({ query, principal }) => {
      requirePlatform(principal);
      const { window, scope } = asked(query);
      return revenueOf(ctx, window, scope);
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/analytics/subscriptions",
    permission: "billing.read",
    summary: "Subscriptions by plan and status at the end of the time, and how many began and ended in it",
    query: RevenueQuery,
    response: { 200: SubscriptionsAnswer },
    handle: ({ query, principal }) => {
      requirePlatform(principal);
      const { window, scope } = asked(query);
      return subscriptionsOf(ctx, window, scope);
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/analytics/credits",
    permission: "billing.read",
    summary: "Credits given out, spent, expired and outstanding, how fast they burn, and a forecast",
    query: CreditsQuery,
    response: { 200: CreditsAnswer },
    handle: ({ query, principal }) => {
      requirePlatform(principal);
      const { window, scope } = asked(query);
      return creditsOf(ctx, window, scope.testClockId);
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/analytics/payments",
    permission: "billing.read",
    summary: "Success and recovery of payments, why they fail, and what is overdue; by currency",
    query: PaymentsQuery,
    response: { 200: PaymentsAnswer },
    handle: ({ query, principal }) => {
      requirePlatform(principal);
      const { window, scope } = asked(query);
      return paymentsOf(ctx, window, scope);
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/analytics/usage",
    permission: "billing.read",
    summary: "Usage by meter over all tenants: in time, by whom, its trend, and a forecast",
    query: UsageQuery,
    response: { 200: UsageAnswer },
    handle: ({ query, principal }) => {
      requirePlatform(principal);
      const { window, scope } = asked(query);
      return usageOf(ctx, window, { meter: query.meter ?? null, testClockId: scope.testClockId });
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/plan-advice",
    permission: "billing.read",
    summary: "What the last full period would have cost on each plan, and which would be cheaper",
    params: Type.Object({ tenant_id: Type.String() }),
    response: { 200: adviceAnswer(LineView) },
    handle: async ({ params }) => {
      if (!(await ctx.tenants.find(params.tenant_id))) throw tenantNotFound(params.tenant_id);
      return planAdvice(ctx, params.tenant_id);
    },
  });
}
