/** HTTP of payments and payment methods. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { invalidField, Refusal, tenantNotFound } from "../../errors.ts";
import { DEFAULT_LIMIT, decodeCursor, pageOf } from "../../http/list.ts";
import { route } from "../../http/route.ts";
import { Closed, Instant as InstantText, ListQuery, Named, Nullable, Page, Text } from "../../http/schema.ts";
import { newId } from "../../ids.ts";
import { formatInstant } from "../time/instant.ts";
import { addMethod } from "./add-method.ts";
import { paymentListRoutes } from "./list-routes.ts";
import { detachMethod, listMethods, listPayments, type MethodRow, makeDefault } from "./store.ts";
import { PaymentView, paymentView } from "./view.ts";

const Params = Type.Object({ tenant_id: Type.String() });
const MethodParams = Type.Object({ tenant_id: Type.String(), id: Type.String({ maxLength: 64 }) });
const text = () => Nullable(Type.String());

const MethodView = Named(
  "PaymentMethod",
  Type.Object({
    id: Type.String(),
    gateway: Type.String(),
    type: Type.String(),
    brand: text(),
    last4: text(),
    exp_month: Nullable(Type.Integer()),
    exp_year: Nullable(Type.Integer()),
    default: Type.Boolean(),
    created_at: InstantText(),
  }),
);

export function paymentRoutes(app: FastifyInstance, ctx: Context): void {
  paymentListRoutes(app, ctx);
  const known = async (tenantId: string) => {
    if (!(await ctx.tenants.find(tenantId))) throw tenantNotFound(tenantId);
  };

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/payments",
    permission: "billing.read",
    summary: "List every payment attempt, with the gateway's own code and reason",
    params: Params,
    query: Closed(ListQuery),
    response: { 200: Page(PaymentView) },
    handle: async ({ params, query }) => {
      await known(params.tenant_id);
      const limit = query.limit ?? DEFAULT_LIMIT;
      const rows = await listPayments(onPool(ctx.pool), params.tenant_id, decodeCursor(query.cursor, 2), limit + 1);
      return pageOf(rows, limit, paymentView, (row) => [formatInstant(row.requested_at), row.id]);
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/payment-methods",
    permission: "billing.read",
    summary: "List the payment methods",
    params: Params,
    response: { 200: Page(MethodView) },
    handle: async ({ params }) => {
      await known(params.tenant_id);
      return { items: (await listMethods(onPool(ctx.pool), params.tenant_id)).map(methodView), next_cursor: null };
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/payment-methods/setup-intent",
    permission: "billing.write",
    summary: "Set up a payment method; in the sandbox, a test card or token is kept at once",
    params: Params,
    body: Type.Optional(
      Closed({
        gateway: Type.Optional(Text(40)),
        card: Type.Optional(Text(40, "Sandbox: the number of a test card, such as 4242 4242 4242 4242.")),
        token: Type.Optional(Text(80, "Sandbox: the token of a test card, such as tok_visa.")),
      }),
    ),
    response: {
      201: Type.Object({
        id: Type.String(),
        gateway: Type.String(),
        status: Type.String({ description: "succeeded, or requires_payment_method where nothing was given." }),
        payment_method: Type.Union([MethodView, Type.Null()]),
      }),
    },
    handle: async ({ params, body, write }) => {
      const gateway = ctx.gateways.get(gatewayName(ctx, body?.gateway));
      const given = body?.card ?? body?.token;
      const card = given === undefined ? null : (gateway.testMethod?.(given) ?? null);
      if (given !== undefined && card === null)
        throw invalidField(body?.card === undefined ? "token" : "card", "is no test card of the sandbox");
      return write(
        async (tx) => {
          const method = card ? await addMethod(tx, { tenantId: params.tenant_id, gateway: gateway.name, ...card }) : null;
          return {
            id: newId("setupIntent"),
            gateway: gateway.name,
            status: method ? "succeeded" : "requires_payment_method",
            payment_method: method ? methodView(method) : null,
          };
        },
        { status: 201 },
      );
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/payment-methods/:id/default",
    permission: "billing.write",
    summary: "Make a payment method the default",
    params: MethodParams,
    response: { 200: MethodView },
    handle: ({ params, write }) =>
      write(async (tx) => {
        const row = await makeDefault(tx, params.tenant_id, params.id);
        if (!row) throw new Refusal("not_found", "The tenant has no such payment method.");
        return methodView(row);
      }),
  });

  route(app, ctx, {
    method: "DELETE",
    url: "/v1/tenants/:tenant_id/payment-methods/:id",
    permission: "billing.write",
    summary: "Detach a payment method",
    params: MethodParams,
    response: { 200: Type.Object({ id: Type.String(), detached: Type.Boolean() }) },
    handle: ({ params, write }) =>
      write(async (tx) => {
        if (!(await detachMethod(tx, params.tenant_id, params.id)))
          throw new Refusal("not_found", "The tenant has no such payment method.");
        return { id: params.id, detached: true };
      }),
  });
}

function gatewayName(ctx: Context, wanted: string | undefined): string {
  const names = ctx.gateways.names();
  const name = wanted ?? names[0] ?? "";
  if (!names.includes(name)) throw invalidField("gateway", `must be one of those configured: ${names.join(", ")}`);
  return name;
}

function methodView(row: MethodRow) {
  return {
    id: row.id,
    gateway: row.gateway,
    type: row.kind,
    brand: row.brand,
    last4: row.last4,
    exp_month: row.exp_month,
    exp_year: row.exp_year,
    default: row.is_default,
    created_at: formatInstant(row.created_at),
  };
}
