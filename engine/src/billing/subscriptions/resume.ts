/** Resumes a paused subscription on request. */
import type { Tx } from "../../commit.ts";
import { formatInstant } from "../time/instant.ts";
import { lockLive } from "./lock-current.ts";
import { resumePaused } from "./resume-paused.ts";
import type { SubscriptionRow } from "./store.ts";
import { wrongState } from "./subscription.ts";

export async function resumeSubscription(tx: Tx, tenantId: string): Promise<SubscriptionRow> {
  const row = await lockLive(tx, tenantId);
  if (row.status !== "paused") throw wrongState(row.status, ", not paused, so it cannot be resumed.");
  if (row.cancel_at !== null)
    throw wrongState(row.status, ` and ends at ${formatInstant(row.cancel_at)}; revoke that before it is resumed.`);
  return resumePaused(tx, row, tx.now);
}
