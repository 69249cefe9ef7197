/** Reaction to `tenant.erased`: its endpoints go, and what other receivers answered to what they were told of it. */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { eraseDeliveries } from "./log-store.ts";

export async function eraseOutbound(tx: Tx, event: AppendedEvent): Promise<void> {
  if (event.tenantId !== null) await eraseDeliveries(tx, event.tenantId);
}
