/** The errand that tells gateways who a tenant is now. Of an erased one that is nobody: no name, no address. */
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { listCustomers } from "./customer-store.ts";
import { ensureCustomer } from "./ensure-customer.ts";

/** What a gateway refuses or does not hear, the queue tries again. */
export async function tellAbout(ctx: Context, tenantId: string): Promise<void> {
  const names = ctx.gateways.names();
  for (const { gateway, reference } of await listCustomers(onPool(ctx.pool), tenantId))
    if (reference !== null && names.includes(gateway)) await ensureCustomer(ctx, { tenantId, gateway });
}
