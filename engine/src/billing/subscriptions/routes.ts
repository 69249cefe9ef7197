/** HTTP of subscriptions, and of the invoices that need one: preview and making a period's. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { tenantNotFound } from "../../errors.ts";
import { route } from "../../http/route.ts";
import { Closed, Currency, Instant, Key, OneOf, Text } from "../../http/schema.ts";
import { readLines } from "../invoices/store.ts";
import { draftView, InvoiceView, invoiceView } from "../invoices/view.ts";
import { parseInstant } from "../time/instant.ts";
import { answerProcessor, shown } from "./answer-processor.ts";
import { askProcessor, processorOf } from "./ask-processor.ts";
import { billPeriod } from "./bill-period.ts";
import { subscriptionListRoutes } from "./list-routes.ts";
import { findCurrent } from "./store.ts";
import { noSubscriptionView, SubscriptionView, subscriptionView } from "./view.ts";

const Params = Type.Object({ tenant_id: Type.String() });
const Seats = Type.Integer({ minimum: 0, maximum: 10_000_000 });

const Start = Closed({
  plan: Key("The key of a plan."),
  seats: Type.Optional(Seats),
  trial_days: Type.Optional(Type.Integer({ minimum: 0, maximum: 3_650, description: "Instead of the plan's own; 0: no trial." })),
  start_at: Type.Optional(Instant("In the past or the future; now if not said.")),
  billing_anchor: Type.Optional(Instant("What periods are counted from; the start of what is paid if not said.")),
  alignment: Type.Optional(OneOf(["anniversary", "calendar"])),
  currency: Type.Optional(Currency()),
  processor: Type.Optional(OneOf(["engine", "stripe"])),
  collection: Type.Optional(OneOf(["charge_automatically", "send_invoice"])),
  gateway: Type.Optional(Text(40)),
  billing_email: Type.Optional(Text(320)),
  auto_renew: Type.Optional(Type.Boolean()),
  coupon: Type.Optional(Key("The key of a coupon, for the invoices of this subscription.")),
});

export function subscriptionRoutes(app: FastifyInstance, ctx: Context): void {
  subscriptionListRoutes(app, ctx);
  const tenantOf = async (tenantId: string) => {
    const tenant = await ctx.tenants.find(tenantId);
    if (!tenant) throw tenantNotFound(tenantId);
    return tenant;
  };

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/subscription",
    permission: "billing.read",
    summary: "Read the tenant's subscription; without one, the default plan with status none",
    params: Params,
    response: { 200: SubscriptionView },
    handle: async ({ params }) => {
      const tenant = await tenantOf(params.tenant_id);
      const row = await findCurrent(onPool(ctx.pool), tenant.id);
      if (row) return subscriptionView(row);
      const { plans } = await ctx.catalog.current();
      return noSubscriptionView(tenant.id, [...plans.values()].find((plan) => plan.isDefault && !plan.archived) ?? null);
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/subscription",
    permission: "billing.write",
    operatorFields: {
      trial_days: "any",
      start_at: "any",
      billing_anchor: "any",
      collection: "any",
      gateway: "any",
      processor: "any",
      coupon: "any",
    },
    summary: "Start a subscription",
    params: Params,
    body: Start,
    response: { 201: SubscriptionView },
    handle: async ({ params, body, write }) => {
      const tenant = await tenantOf(params.tenant_id);
      const processor = body.processor ?? "engine";
      const command = {
        kind: "start" as const,
        plan: body.plan,
        currency: body.currency,
        seats: body.seats,
        trialDays: body.trial_days,
        startAt: instantOf(body.start_at),
        billingAnchor: instantOf(body.billing_anchor),
        alignment: body.alignment,
        collection: body.collection,
        gateway: body.gateway,
        billingEmail: body.billing_email,
        autoRenew: body.auto_renew,
        coupon: body.coupon,
      };
      ctx.processors.get(processor);
      return answerProcessor(
        ctx,
        tenant,
        await write(async (tx) => shown(await askProcessor(tx, tenant, command, processor), command), { status: 201 }),
      );
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/upcoming-invoice",
    permission: "billing.read",
    summary: "Preview the next invoice; nothing is stored",
    params: Params,
    body: Type.Optional(
      Closed({ seats: Type.Optional(Seats), plan: Type.Optional(Key("The key of a plan.")), at: Type.Optional(Instant()) }),
    ),
    response: { 200: InvoiceView },
    handle: async ({ params, body }) => {
      const tenant = await tenantOf(params.tenant_id);
      const draft = await (await processorOf(ctx, tenant.id)).upcoming(ctx, {
        tenantId: tenant.id,
        now: await ctx.tenants.now(tenant),
        seats: body?.seats,
        plan: body?.plan,
        at: instantOf(body?.at),
      });
      return draftView(draft);
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/invoices",
    permission: "operate",
    summary: "Make the invoice of a billing period now; the same period again answers the same invoice",
    params: Params,
    body: Closed({ period_start: Instant(), period_end: Instant() }),
    response: { 200: InvoiceView, 201: InvoiceView },
    handle: async ({ params, body, write, reply }) => {
      const tenant = await tenantOf(params.tenant_id);
      const period = { start: parseInstant(body.period_start)!, end: parseInstant(body.period_end)! };
      let made = false;
      const answer = await write(
        async (tx) => {
          const billed = await billPeriod(tx, { tenantId: tenant.id, period });
          made = billed.made;
          const lines = await readLines(tx, [tenant.id], [billed.invoice.id]);
          return invoiceView(billed.invoice, lines.get(billed.invoice.id) ?? [], ctx.config);
        },
        { status: 201 },
      );
      // An invoice that was there is not created again.
      if (!made && reply.statusCode === 201) reply.status(200);
      return answer;
    },
  });
}

function instantOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseInstant(text)!;
}
