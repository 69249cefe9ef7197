/** HTTP of subscribing on a gateway's page. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { invalidField, Refusal, tenantNotFound } from "../../errors.ts";
import { route, writtenText } from "../../http/route.ts";
import { Closed, Key, OneOf, Text } from "../../http/schema.ts";
import type { CheckoutItem } from "../payments/checkout.ts";
import { CheckoutView, checkoutView } from "../payments/checkout-view.ts";
import { openCheckout } from "../payments/open-checkout.ts";
import { requestCheckout } from "../payments/request-checkout.ts";
import type { ProcessorName } from "./processor.ts";
import { alreadySubscribed } from "./start.ts";
import { findCurrent } from "./store.ts";
import { isLive } from "./subscription.ts";
import { assertSoldIn } from "./terms.ts";

export function planCheckoutRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/checkout",
    permission: "billing.write",
    summary:
      "Subscribe on the gateway's page: it takes the payment method, or begins the subscription that Stripe then runs; it starts once when that is done",
    operatorFields: { processor: "any", trial_days: "any" },
    params: Type.Object({ tenant_id: Type.String() }),
    body: Closed({
      plan: Key("The key of a plan."),
      seats: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000_000 })),
      success_url: Text(
        2_000,
        "Where the person goes who has finished; `{CHECKOUT_ID}` in it is the checkout's id, else it is added as checkout_id.",
      ),
      cancel_url: Text(2_000, "Where the person goes who has not."),
      gateway: Type.Optional(Text(40)),
      processor: Type.Optional(
        OneOf(
          ["engine", "stripe"],
          "Who runs the subscription that begins there; if not said, who ran the tenant's last one, else the engine. With stripe it begins on Stripe's page.",
        ),
      ),
      trial_days: Type.Optional(Type.Integer({ minimum: 0, maximum: 730, description: "Instead of the plan's own; 0: no trial." })),
    }),
    response: { 201: CheckoutView },
    handle: async ({ params, body, write }) => {
      const tenant = await ctx.tenants.find(params.tenant_id);
      if (!tenant) throw tenantNotFound(params.tenant_id);
      const plan = (await ctx.catalog.current({ fresh: true })).plans.get(body.plan);
      if (!plan || plan.archived) {
        throw new Refusal("plan_not_found", `There is no plan ${JSON.stringify(body.plan)} on sale.`, {
          faults: [{ path: "plan", message: "names no plan" }],
        });
      }
      const currency = tenant.currency ?? plan.currency;
      assertSoldIn(plan, currency);
      const current = await findCurrent(onPool(ctx.pool), tenant.id);
      if (current && isLive(current.status)) throw alreadySubscribed(current);
      const processor = body.processor ?? (current && configured(ctx, current.processor) ? current.processor : "engine");
      ctx.processors.get(processor);
      if (processor === "stripe" && body.gateway !== undefined && body.gateway !== "stripe")
        throw invalidField("gateway", "is stripe where stripe is the processor");
      const asked = await write(
        async (tx) => {
          const chosen = { plan: plan.key, seats: body.seats ?? null, trial_days: body.trial_days ?? null };
          const page = { plan, seats: chosen.seats, currency, trialDays: chosen.trial_days };
          const offer = (await ctx.processors.outside(processor)?.offer(tx, tenant, page)) ?? null;
          const item: CheckoutItem = { kind: "plan", ...chosen, offer };
          const row = await requestCheckout(tx, {
            tenantId: tenant.id,
            item,
            description: body.seats === undefined ? plan.name : `${plan.name}, ${body.seats} ${body.seats === 1 ? "seat" : "seats"}`,
            currency,
            amountMinor: 0n,
            successUrl: body.success_url,
            cancelUrl: body.cancel_url,
            gateway: offer?.processor ?? body.gateway,
          });
          return { checkout: row.id };
        },
        { status: 201 },
      );
      const id = writtenText(asked, "checkout");
      return id === null ? asked : checkoutView(await openCheckout(ctx, { id, tenantId: tenant.id }));
    },
  });
}

const configured = (ctx: Context, processor: ProcessorName) => processor === "engine" || ctx.processors.outside(processor) !== null;
