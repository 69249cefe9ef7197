/** A subscription began: from now on the tenant's currency and clock are fixed. */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { markSubscribed } from "./store.ts";

export async function noteSubscription(tx: Tx, event: AppendedEvent): Promise<void> {
  if (event.tenantId !== null) await markSubscribed(tx, event.tenantId, tx.now);
}
