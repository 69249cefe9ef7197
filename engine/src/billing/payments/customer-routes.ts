/** HTTP of who a tenant is at a gateway. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { invalidField, tenantNotFound } from "../../errors.ts";
import { route } from "../../http/route.ts";
import { Closed, Instant as InstantText, Named, TenantId, Text } from "../../http/schema.ts";
import { formatInstant } from "../time/instant.ts";
import { ensureCustomer } from "./ensure-customer.ts";

const CustomerView = Named(
  "GatewayCustomer",
  Type.Object({
    id: Type.String(),
    tenant_id: TenantId(),
    gateway: Type.String(),
    reference: Type.String({ description: "The gateway's own name of the customer." }),
    created_at: InstantText(),
  }),
);

export function customerRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/customers",
    permission: "billing.write",
    summary: "Make the gateway's customer of a tenant, once; asked again, it answers the same and tells the gateway what changed",
    params: Type.Object({ tenant_id: TenantId() }),
    operatorFields: { customer: "any" },
    body: Closed({
      gateway: Text(40),
      customer: Type.Optional(Text(255, "One that the gateway has already, to be taken over instead of making one.")),
    }),
    response: { 200: CustomerView },
    handle: async ({ params, body }) => {
      if (!(await ctx.tenants.find(params.tenant_id))) throw tenantNotFound(params.tenant_id);
      const names = ctx.gateways.names().filter((name) => ctx.gateways.get(name).customers !== undefined);
      if (!names.includes(body.gateway))
        throw invalidField("gateway", `must be one with customers: ${names.join(", ") || "none is configured"}`);
      const row = await ensureCustomer(ctx, { tenantId: params.tenant_id, gateway: body.gateway, adopt: body.customer });
      return {
        id: row.id,
        tenant_id: row.tenant_id,
        gateway: row.gateway,
        reference: row.reference,
        created_at: formatInstant(row.created_at),
      };
    },
  });
}
