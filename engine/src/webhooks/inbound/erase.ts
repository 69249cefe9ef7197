/** Reaction to `tenant.erased`: the bytes of what came in about them go, too. */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { eraseBodies } from "./store.ts";

export async function eraseInbound(tx: Tx, event: AppendedEvent): Promise<void> {
  if (event.tenantId !== null) await eraseBodies(tx, event.tenantId);
}
