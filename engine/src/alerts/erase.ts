/** Reaction to `tenant.erased`: who was to be told, and the words of people in what was found. That it was found stays. */
import type { Tx } from "../commit.ts";
import type { AppendedEvent } from "../events/append.ts";
import { eraseAlertsOf } from "./store.ts";

export async function eraseAlerts(tx: Tx, { tenantId }: AppendedEvent): Promise<void> {
  if (tenantId !== null) await eraseAlertsOf(tx, tenantId);
}
