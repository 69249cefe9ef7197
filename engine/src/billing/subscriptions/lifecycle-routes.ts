/** HTTP of what happens to a subscription after its start. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { tenantNotFound } from "../../errors.ts";
import { route } from "../../http/route.ts";
import { Closed, Currency, Instant, Key, Nullable, OneOf, SignedMinor, Text } from "../../http/schema.ts";
import { LineView } from "../invoices/view.ts";
import type { TenantRef } from "../tenants/cache.ts";
import { parseInstant } from "../time/instant.ts";
import { answerProcessor, dryRunView, shown, type Write } from "./answer-processor.ts";
import { askProcessor, previewChange } from "./ask-processor.ts";
import type { Command } from "./processor.ts";
import { SubscriptionView } from "./view.ts";

const Params = Type.Object({ tenant_id: Type.String() });
const Seats = Type.Integer({ minimum: 0, maximum: 10_000_000 });
const Proration = OneOf(
  ["invoice_now", "next_invoice", "none"],
  "When the difference for the rest of the period is billed; none: it is not. invoice_now if not said.",
);

const DryRun = Closed(
  {
    dry_run: Type.Boolean(),
    plan: Type.String(),
    seats: Type.Integer(),
    when: OneOf(["now", "period_end"]),
    effective_at: Instant(),
    currency: Currency(),
    lines: Type.Array(LineView),
    total: SignedMinor(),
  },
  { description: "Of a dry run: what the change would make. Nothing was stored." },
);

export function lifecycleRoutes(app: FastifyInstance, ctx: Context): void {
  const tenantOf = async (tenantId: string) => {
    const tenant = await ctx.tenants.find(tenantId);
    if (!tenant) throw tenantNotFound(tenantId);
    return tenant;
  };

  const perform = async (write: Write, tenant: TenantRef, command: Command) =>
    answerProcessor(ctx, tenant, await write(async (tx) => shown(await askProcessor(tx, tenant, command), command)));

  route(app, ctx, {
    method: "PATCH",
    url: "/v1/tenants/:tenant_id/subscription",
    permission: "billing.write",
    summary: "Change seats, renewal or the address of invoices",
    params: Params,
    body: Closed({
      auto_renew: Type.Optional(Type.Boolean({ description: "false: it expires at the end of its period." })),
      seats: Type.Optional(Seats),
      billing_email: Type.Optional(Nullable(Text(320))),
      proration: Type.Optional(Proration),
    }),
    response: { 200: SubscriptionView },
    handle: async ({ params, body, write }) => {
      const tenant = await tenantOf(params.tenant_id);
      const command: Command = {
        kind: "update",
        seats: body.seats,
        proration: body.proration,
        autoRenew: body.auto_renew,
        billingEmail: body.billing_email,
      };
      return perform(write, tenant, command);
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/subscription/plan",
    permission: "billing.write",
    operatorFields: { proration: ["none"] },
    summary: "Change the plan now or when the period ends; dry_run answers the lines that it would make",
    params: Params,
    body: Closed({
      plan: Key("The key of a plan."),
      when: Type.Optional(
        OneOf(
          ["now", "period_end", "auto"],
          "auto: now where the interval stays and the price is higher, else period_end. now if not said.",
        ),
      ),
      seats: Type.Optional(Seats),
      proration: Type.Optional(Proration),
      dry_run: Type.Optional(Type.Boolean()),
    }),
    response: { 200: Type.Union([SubscriptionView, DryRun]) },
    handle: async ({ params, body, write }) => {
      const tenant = await tenantOf(params.tenant_id);
      const { plan, seats, when, proration, dry_run: dryRun } = body;
      const command = { kind: "plan" as const, plan, seats, when, proration, dryRun };
      const ahead = dryRun ? await previewChange(ctx, tenant, command) : null;
      return ahead ? dryRunView(ahead) : perform(write, tenant, command);
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/subscription/cancel",
    permission: "billing.write",
    operatorFields: { refund_unused: [true] },
    summary: "Cancel now or when the period ends",
    params: Params,
    body: Type.Optional(
      Closed({
        when: Type.Optional(OneOf(["now", "period_end"], "period_end if not said.")),
        reason: Type.Optional(Text(500)),
        refund_unused: Type.Optional(
          Type.Boolean({ description: "With now: credit notes for the unused time: as money, off what is due, or to the balance." }),
        ),
      }),
    ),
    response: { 200: SubscriptionView },
    handle: async ({ params, body, write }) => {
      const tenant = await tenantOf(params.tenant_id);
      return perform(write, tenant, { kind: "cancel", when: body?.when, reason: body?.reason, refundUnused: body?.refund_unused });
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/subscription/revoke-cancellation",
    permission: "billing.write",
    summary: "Take back a cancellation, else a change, that was arranged for the end of the period",
    params: Params,
    response: { 200: SubscriptionView },
    handle: async ({ params, write }) => {
      return perform(write, await tenantOf(params.tenant_id), { kind: "revoke" });
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/subscription/pause",
    permission: "billing.write",
    summary: "Pause charges and access",
    params: Params,
    body: Type.Optional(Closed({ resumes_at: Type.Optional(Nullable(Instant("When it resumes by itself; never if not said."))) })),
    response: { 200: SubscriptionView },
    handle: async ({ params, body, write }) => {
      const resumesAt = body?.resumes_at == null ? null : parseInstant(body.resumes_at)!;
      return perform(write, await tenantOf(params.tenant_id), { kind: "pause", resumesAt });
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/subscription/resume",
    permission: "billing.write",
    summary: "End a pause: a new period begins, and what was paid and not served is given back",
    params: Params,
    response: { 200: SubscriptionView },
    handle: async ({ params, write }) => {
      return perform(write, await tenantOf(params.tenant_id), { kind: "resume" });
    },
  });
}
