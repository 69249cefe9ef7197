/** The errand that brings the methods of a tenant up to date with the gateways that keep them, without waiting for their webhooks. */
import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { addMethod } from "./add-method.ts";
import { type CustomerRow, listCustomers } from "./customer-store.ts";

export async function refreshMethods(ctx: Context, tenantId: string): Promise<void> {
  for (const customer of await listCustomers(onPool(ctx.pool), tenantId)) await refresh(ctx, customer);
}

async function refresh(ctx: Context, row: CustomerRow): Promise<void> {
  const { tenant_id: tenantId, gateway: name, reference } = row;
  const gateway = ctx.gateways.names().includes(name) ? ctx.gateways.get(name) : null;
  if (!gateway?.methods || reference === null) return;
  const methods = await gateway.methods.list(reference);
  if (methods.length === 0) return;
  await commit(ctx, { principal: ENGINE, tenantId, source: name }, async (tx) => {
    // The oldest first, so that the newest is the default.
    for (const method of [...methods].sort((a, b) => (a.madeAt ?? 0) - (b.madeAt ?? 0)))
      await addMethod(tx, { tenantId, gateway: name, ...method });
  });
}
