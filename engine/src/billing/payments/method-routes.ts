/** HTTP of payment methods: what a tenant may be charged by, at whichever gateway it is kept. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { invalidField, Refusal, tenantNotFound } from "../../errors.ts";
import { route } from "../../http/route.ts";
import { Closed, Instant as InstantText, Named, Nullable, Page, Text } from "../../http/schema.ts";
import { newId } from "../../ids.ts";
import { formatInstant } from "../time/instant.ts";
import { addMethod } from "./add-method.ts";
import { findCustomer } from "./customer-store.ts";
import { ensureCustomer } from "./ensure-customer.ts";
import { detachMethod, findMethod, listMethods, type MethodRow, makeDefault } from "./method-store.ts";
import { refreshMethods } from "./refresh-methods.ts";

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

export function methodRoutes(app: FastifyInstance, ctx: Context): void {
  const db = onPool(ctx.pool);
  const known = async (tenantId: string) => {
    if (!(await ctx.tenants.find(tenantId))) throw tenantNotFound(tenantId);
  };
  const methodOf = async (tenantId: string, id: string): Promise<MethodRow> => {
    const row = await findMethod(db, tenantId, id);
    if (!row) throw new Refusal("not_found", "The tenant has no such payment method.");
    return row;
  };
  // What is kept at a gateway that is not configured any more can still be detached here.
  const methodsAt = (name: string) => (ctx.gateways.names().includes(name) ? ctx.gateways.get(name).methods : undefined);

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/payment-methods",
    permission: "billing.read",
    summary: "List the payment methods",
    params: Params,
    query: Closed({
      refresh: Type.Optional(
        Type.Boolean({ description: "Ask the gateways first: for a page that somebody comes back to before the webhook has." }),
      ),
    }),
    response: { 200: Page(MethodView) },
    handle: async ({ params, query }) => {
      await known(params.tenant_id);
      if (query.refresh) await refreshMethods(ctx, params.tenant_id);
      return { items: (await listMethods(db, params.tenant_id)).map(methodView), next_cursor: null };
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/payment-methods/setup-intent",
    permission: "billing.write",
    summary: "Begin to take a payment method, which a page finishes with the client secret; in the sandbox, a test card is kept at once",
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
        id: Type.String({ description: "The gateway's own name of it." }),
        gateway: Type.String(),
        status: Type.String({ description: "succeeded, or requires_payment_method where nothing was given." }),
        client_secret: Nullable(
          Type.String({
            description: "For the page that takes the method: Stripe.js, or POST /sandbox/setup-intents/confirm in the sandbox.",
          }),
        ),
        publishable_key: Nullable(Type.String({ description: "What that page opens the gateway with; public." })),
        payment_method: Type.Union([MethodView, Type.Null()]),
      }),
    },
    handle: async ({ params, body, write }) => {
      const { tenant_id: tenantId } = params;
      await known(tenantId);
      const gateway = ctx.gateways.get(gatewayName(ctx, body?.gateway));
      const given = body?.card ?? body?.token;
      const card = given === undefined ? null : (gateway.testMethod?.(given) ?? null);
      if (given !== undefined && card === null)
        throw invalidField(body?.card === undefined ? "token" : "card", "is no test card of the sandbox");
      const id = newId("setupIntent");
      const answer = { id, gateway: gateway.name, client_secret: null, publishable_key: null };
      if (card) {
        return write(
          async (tx) => {
            const method = await addMethod(tx, { tenantId, gateway: gateway.name, ...card });
            return { ...answer, status: "succeeded", payment_method: methodView(method) };
          },
          { status: 201 },
        );
      }
      if (!gateway.methods) throw new Refusal("gateway_unavailable", `${gateway.name} keeps no payment methods.`);
      const { reference: customer } = await ensureCustomer(ctx, { tenantId, gateway: gateway.name });
      const setup = await gateway.methods.setup({ idempotencyKey: id, tenantId, customer });
      return write(
        async () => ({
          ...answer,
          id: setup.reference,
          status: "requires_payment_method",
          client_secret: setup.clientSecret,
          publishable_key: setup.publicKey,
          payment_method: null,
        }),
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
    handle: async ({ params, write }) => {
      const method = await methodOf(params.tenant_id, params.id);
      const customer = await findCustomer(db, params.tenant_id, method.gateway);
      if (customer?.reference != null) await methodsAt(method.gateway)?.makeDefault(customer.reference, method.reference);
      return write(async (tx) => {
        const row = await makeDefault(tx, params.tenant_id, params.id);
        if (!row) throw new Refusal("not_found", "The tenant has no such payment method.");
        return methodView(row);
      });
    },
  });

  route(app, ctx, {
    method: "DELETE",
    url: "/v1/tenants/:tenant_id/payment-methods/:id",
    permission: "billing.write",
    summary: "Detach a payment method",
    params: MethodParams,
    response: { 200: Type.Object({ id: Type.String(), detached: Type.Boolean() }) },
    handle: async ({ params, write }) => {
      const method = await findMethod(db, params.tenant_id, params.id);
      if (method) await methodsAt(method.gateway)?.detach(method.reference);
      return write(async (tx) => {
        if (!(await detachMethod(tx, params.tenant_id, params.id)))
          throw new Refusal("not_found", "The tenant has no such payment method.");
        return { id: params.id, detached: true };
      });
    },
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
