/** A gateway's own page for those who pay by it. */
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { formatInstant } from "../time/instant.ts";
import { listCustomers } from "./customer-store.ts";

/** What gateways promise of such a link at least. */
const LINK_MS = 5 * 60_000;

export interface GatewayPortal {
  open(returnUrl: string | null): Promise<{ url: string; expires_at: string }>;
}

/** null: the tenant is known at no gateway that has one. */
export async function findPortal(ctx: Context, tenantId: string): Promise<GatewayPortal | null> {
  const names = ctx.gateways.names();
  for (const { gateway: name, reference } of await listCustomers(onPool(ctx.pool), tenantId)) {
    const gateway = names.includes(name) ? ctx.gateways.get(name) : null;
    if (!gateway?.openPortal || reference === null) continue;
    return {
      open: async (returnUrl) => {
        const { url } = await gateway.openPortal!(reference, returnUrl);
        return { url, expires_at: formatInstant(ctx.clock.now() + LINK_MS) };
      },
    };
  }
  return null;
}
