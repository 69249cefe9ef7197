/** HTTP of buying credits: on a gateway's page, or by the payment method that is stored. */

import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { invalidField, Refusal, tenantNotFound } from "../../errors.ts";
import { DEFAULT_LIMIT, decodeMoment, pageOf } from "../../http/list.ts";
import { route, writtenText } from "../../http/route.ts";
import { Closed, Instant, Key, ListQuery, Named, Nullable, OneOf, Page, Quantity, TenantId, Text } from "../../http/schema.ts";
import { withOutside } from "../../outside.ts";
import { findPurchase, listPurchases, type PurchaseRow } from "../credits/purchase-store.ts";
import { decimal } from "../money/decimal.ts";
import { CheckoutView, checkoutView } from "../payments/checkout-view.ts";
import { collectNow } from "../payments/collect.ts";
import { collectBy } from "../payments/collect-by.ts";
import { findMethod } from "../payments/method-store.ts";
import { openCheckout } from "../payments/open-checkout.ts";
import { presentPayment } from "../payments/present-payment.ts";
import { requestCheckout } from "../payments/request-checkout.ts";
import { updateMethod } from "../payments/store.ts";
import { PaymentDetail, paymentDetail } from "../payments/view.ts";
import type { TenantRef } from "../tenants/cache.ts";
import { formatInstant } from "../time/instant.ts";
import { offerPack } from "./offer-pack.ts";
import { type Pack, packOf, sellCredits } from "./sell-credits.ts";

const Params = Type.Object({ tenant_id: Type.String() });
const Pieces = Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: "1 if not said." }));

const PurchaseView = Named(
  "CreditPurchase",
  Type.Object({
    id: Type.String(),
    tenant_id: TenantId(),
    product: Type.String(),
    quantity: Type.Integer(),
    credits: Quantity("What it grants when it is paid."),
    status: OneOf(["open", "granted", "canceled"]),
    origin: OneOf(["checkout", "direct", "invoice", "top_up"]),
    invoice_id: Type.String(),
    checkout_id: Nullable(Type.String()),
    grant_id: Nullable(Type.String()),
    granted: Quantity(),
    taken_back: Quantity("What refunds took back."),
    not_taken_back: Quantity("What refunds should have taken back, but was spent."),
    created_at: Instant(),
    granted_at: Nullable(Instant()),
  }),
);

export function creditSaleRoutes(app: FastifyInstance, ctx: Context): void {
  const db = onPool(ctx.pool);
  const tenantOf = async (id: string): Promise<TenantRef> => {
    const tenant = await ctx.tenants.find(id);
    if (!tenant) throw tenantNotFound(id);
    return tenant;
  };
  const packFor = async (tenant: TenantRef, body: { product: string; quantity?: number }): Promise<Pack> => {
    const { creditProducts } = await ctx.catalog.current({ fresh: true });
    const pack = packOf(creditProducts, body.product, body.quantity ?? 1);
    if (tenant.currency !== null && tenant.currency !== pack.currency)
      throw invalidField("product", `is sold in ${pack.currency}, but the tenant pays in ${tenant.currency}`);
    return pack;
  };

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/credits/checkout",
    permission: "billing.write",
    summary: "Buy a credit product on the gateway's page: the credits are granted once, when it is paid",
    params: Params,
    body: Closed({
      product: Key("The key of a credit product."),
      quantity: Pieces,
      success_url: Text(
        2_000,
        "Where the person goes who has paid; `{CHECKOUT_ID}` in it is the checkout's id, else it is added as checkout_id.",
      ),
      cancel_url: Text(2_000, "Where the person goes who has not."),
      gateway: Type.Optional(Text(40)),
    }),
    response: { 201: CheckoutView },
    handle: async ({ params, body, write }) => {
      const tenant = await tenantOf(params.tenant_id);
      const pack = await packFor(tenant, body);
      const amountMinor = await withOutside(ctx, () => offerPack(ctx, db, { tenant, pack, gateway: "" }));
      if (amountMinor <= 0n) throw invalidField("product", "costs the tenant nothing; grant the credits instead");
      const input = {
        tenantId: tenant.id,
        item: {
          kind: "credits" as const,
          product: pack.product,
          quantity: pack.quantity,
          credits: pack.credits.toFixed(),
          priority: pack.priority,
          unit_amount: pack.unitMinor.toString(),
        },
        description: pack.quantity === 1 ? pack.name : `${pack.quantity} × ${pack.name}`,
        currency: pack.currency,
        amountMinor,
        successUrl: body.success_url,
        cancelUrl: body.cancel_url,
        gateway: body.gateway,
      };
      const asked = await write(async (tx) => ({ checkout: (await requestCheckout(tx, input)).id }), { status: 201 });
      const id = writtenText(asked, "checkout");
      return id === null ? asked : checkoutView(await openCheckout(ctx, { id, tenantId: tenant.id }));
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/credits/purchases",
    permission: "billing.write",
    summary: "Buy a credit product by the stored payment method, or on an invoice that is sent",
    params: Params,
    body: Closed({
      product: Key("The key of a credit product."),
      quantity: Pieces,
      collection: Type.Optional(
        OneOf(
          ["charge_automatically", "send_invoice"],
          "charge_automatically if not said: paid now, or not sold. send_invoice: granted when it is paid.",
        ),
      ),
      payment_method: Type.Optional(Text(64, "The id of a payment method of the tenant; the default one if not said.")),
    }),
    response: { 201: PurchaseView, 202: Type.Object({ ...PurchaseView.properties, payment: PaymentDetail }) },
    handle: async ({ params, body, principal, write, reply }) => {
      const tenant = await tenantOf(params.tenant_id);
      const pack = await packFor(tenant, body);
      const sent = body.collection === "send_invoice" || ctx.gateways.names().length === 0;
      const asked = await write(
        async (tx) => {
          const method = body.payment_method === undefined ? null : await findMethod(tx, tenant.id, body.payment_method);
          if (body.payment_method !== undefined && method === null)
            throw invalidField("payment_method", "names no payment method of the tenant");
          const sale = await sellCredits(tx, {
            tenant,
            pack,
            gateway: method?.gateway ?? (await collectBy(tx, tenant.id)) ?? "manual",
            collection: sent ? "send_invoice" : "charge_automatically",
            prepaid: false,
            origin: sent ? "invoice" : "direct",
            checkoutId: null,
          });
          if (method && sale.payment) await updateMethod(tx, sale.payment, method.id);
          return { purchase: sale.purchase.id, payment: sale.payment?.id ?? null };
        },
        { status: 201 },
      );
      const [purchase, payment] = [writtenText(asked, "purchase"), writtenText(asked, "payment")];
      if (purchase === null) return asked;
      const paid = payment === null ? null : await presentPayment(ctx, await collectNow(ctx, { paymentId: payment, tenantId: tenant.id }));
      if (paid?.row.status === "failed")
        throw new Refusal("payment_failed", paid.row.reason ?? "The payment failed.", {
          extra: { payment: paid.row.id, gateway: paid.row.gateway, gateway_code: paid.row.code },
        });
      const bought = purchaseView((await findPurchase(db, tenant.id, purchase))!);
      if (paid === null || paid.row.status === "succeeded") return bought;
      reply.status(202).header("cache-control", "private, no-store");
      return { ...bought, payment: paymentDetail(paid, principal) };
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/credits/purchases",
    permission: "billing.read",
    summary: "List the credits that were bought",
    params: Params,
    query: Closed(ListQuery),
    response: { 200: Page(PurchaseView) },
    handle: async ({ params, query }) => {
      await tenantOf(params.tenant_id);
      const limit = query.limit ?? DEFAULT_LIMIT;
      const rows = await listPurchases(db, params.tenant_id, decodeMoment(query.cursor), limit + 1);
      return pageOf(rows, limit, purchaseView, (row) => [formatInstant(row.created_at), row.id]);
    },
  });
}

function purchaseView(row: PurchaseRow) {
  return {
    id: row.id,
    tenant_id: row.tenant_id,
    product: row.product_key,
    quantity: row.quantity,
    credits: decimal(row.credits),
    status: row.status,
    origin: row.origin,
    invoice_id: row.invoice_id,
    checkout_id: row.checkout_id,
    grant_id: row.grant_id,
    granted: decimal(row.granted),
    taken_back: decimal(row.taken_back),
    not_taken_back: decimal(row.revoked).minus(decimal(row.taken_back)),
    created_at: formatInstant(row.created_at),
    granted_at: row.granted_at === null ? null : formatInstant(row.granted_at),
  };
}
