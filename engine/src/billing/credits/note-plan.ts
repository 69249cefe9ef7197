/** Which plan's costs hold for a tenant: told by its subscription's events, since the room of subscriptions lies above. */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { setPlan } from "./store.ts";

export async function notePlan(tx: Tx, { tenantId, data }: AppendedEvent): Promise<void> {
  if (tenantId !== null && typeof data.plan === "string") await setPlan(tx, tenantId, data.plan);
}

/** The subscription is over: the default plan's costs hold from now on. */
export async function forgetPlan(tx: Tx, { tenantId }: AppendedEvent): Promise<void> {
  if (tenantId !== null) await setPlan(tx, tenantId, null);
}
