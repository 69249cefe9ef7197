/** HTTP of subscribing on a gateway's page. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { Refusal, tenantNotFound } from "../../errors.ts";
import { route } from "../../http/route.ts";
import { Closed, Key, Text } from "../../http/schema.ts";
import { CheckoutView, checkoutView } from "../payments/checkout-view.ts";
import { openCheckout, storeCheckout } from "../payments/open-checkout.ts";
import { findCurrent } from "./store.ts";
import { isLive } from "./subscription.ts";
import { assertSoldIn } from "./terms.ts";

export function planCheckoutRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/checkout",
    permission: "billing.write",
    summary: "Subscribe on the gateway's page: it takes the payment method, and the subscription starts once when that is done",
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
      if (current && isLive(current.status))
        throw new Refusal("already_subscribed", `The tenant has a live subscription already (${current.id}, ${current.status}).`);
      const row = await openCheckout(ctx, {
        tenantId: tenant.id,
        item: { kind: "plan", plan: plan.key, seats: body.seats ?? null },
        description: body.seats === undefined ? plan.name : `${plan.name}, ${body.seats} ${body.seats === 1 ? "seat" : "seats"}`,
        currency,
        amountMinor: 0n,
        successUrl: body.success_url,
        cancelUrl: body.cancel_url,
        gateway: body.gateway,
      });
      return write(async (tx) => checkoutView(await storeCheckout(tx, row)), { status: 201 });
    },
  });
}
