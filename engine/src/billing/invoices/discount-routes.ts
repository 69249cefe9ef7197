/** HTTP of discounts: the coupons that a tenant has. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { Refusal, tenantNotFound } from "../../errors.ts";
import { route } from "../../http/route.ts";
import { Closed, Currency, Instant as InstantText, Key, Nullable, Page, SignedMinor, TenantId } from "../../http/schema.ts";
import { decimal } from "../money/decimal.ts";
import { formatInstant } from "../time/instant.ts";
import { addDiscount } from "./add-discount.ts";
import { leftOf } from "./discount.ts";
import { type DiscountRow, discountOf, endDiscount, findDiscount, listDiscounts } from "./discount-store.ts";

const Params = Type.Object({ tenant_id: Type.String() });
const OneParams = Type.Object({ tenant_id: Type.String(), id: Type.String({ maxLength: 64 }) });

const DiscountView = Type.Object({
  id: Type.String(),
  tenant_id: TenantId(),
  subscription_id: Nullable(Type.String()),
  coupon: Key(),
  name: Type.String(),
  percent_off: Nullable(Type.Number()),
  amount_off: Nullable(SignedMinor()),
  currency: Nullable(Currency()),
  duration: Type.String(),
  periods: Nullable(Type.Integer()),
  used: SignedMinor(),
  uses: Type.Integer(),
  active: Type.Boolean({ description: "False once it is used up or ended." }),
  created_at: InstantText(),
  ended_at: Nullable(InstantText()),
});

export function discountRoutes(app: FastifyInstance, ctx: Context): void {
  const db = onPool(ctx.pool);

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/discounts",
    permission: "operate",
    summary: "Give a tenant a coupon: it comes off the invoices from now on",
    params: Params,
    body: Closed({ coupon: Key("The key of a coupon.") }),
    response: { 201: DiscountView },
    handle: ({ params, body, write }) =>
      write(async (tx) => discountView(await addDiscount(tx, { tenantId: params.tenant_id, subscriptionId: null, coupon: body.coupon })), {
        status: 201,
      }),
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/discounts",
    permission: "billing.read",
    summary: "List the discounts of a tenant and of its subscriptions, newest first",
    params: Params,
    response: { 200: Page(DiscountView) },
    handle: async ({ params }) => {
      if (!(await ctx.tenants.find(params.tenant_id))) throw tenantNotFound(params.tenant_id);
      return { items: (await listDiscounts(db, params.tenant_id)).map(discountView), next_cursor: null };
    },
  });

  route(app, ctx, {
    method: "DELETE",
    url: "/v1/tenants/:tenant_id/discounts/:id",
    permission: "operate",
    summary: "End a discount; invoices that have it keep it",
    params: OneParams,
    response: { 200: DiscountView },
    handle: ({ params, write }) =>
      write(async (tx) => {
        await endDiscount(tx, params.id, params.tenant_id);
        const row = await findDiscount(tx, params.id, params.tenant_id);
        if (!row) throw new Refusal("not_found", "The tenant has no such discount.");
        return discountView(row);
      }),
  });
}

function discountView(row: DiscountRow) {
  const { terms } = row;
  return {
    id: row.id,
    tenant_id: row.tenant_id,
    subscription_id: row.subscription_id,
    coupon: row.coupon_key,
    name: terms.name,
    percent_off: terms.percent_off === null ? null : decimal(terms.percent_off),
    amount_off: terms.amount_off === null ? null : BigInt(terms.amount_off),
    currency: terms.currency,
    duration: terms.duration,
    periods: terms.periods,
    used: BigInt(row.used),
    uses: row.uses,
    active: row.ended_at === null && leftOf(discountOf(row)) !== 0n,
    created_at: formatInstant(row.created_at),
    ended_at: row.ended_at === null ? null : formatInstant(row.ended_at),
  };
}
