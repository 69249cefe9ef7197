/** Reaction to `tenant.updated` and `tenant.erased`: gateways that know the tenant are to be told who it is now. */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { listCustomers } from "./customer-store.ts";

export async function tellGateways(tx: Tx, { tenantId }: AppendedEvent): Promise<void> {
  if (tenantId === null || !(await listCustomers(tx, tenantId)).some((row) => row.reference !== null)) return;
  tx.enqueue({ name: "tell-gateways", key: `tell-gateways:${tenantId}`, payload: { tenant: tenantId } });
}
