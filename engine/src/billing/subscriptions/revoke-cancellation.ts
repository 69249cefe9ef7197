/** Takes back what was arranged for the end of the period: the cancellation, else the change of plan or seats. */
import type { Tx } from "../../commit.ts";
import { announceUpdate } from "./announce.ts";
import { dueAt } from "./cycle.ts";
import { lockLive } from "./lock-current.ts";
import { type SubscriptionRow, saveSubscription } from "./store.ts";
import { wrongState } from "./subscription.ts";

export async function revokeCancellation(tx: Tx, tenantId: string): Promise<SubscriptionRow> {
  const row = await lockLive(tx, tenantId);
  const canceled = row.cancel_at !== null;
  if (!canceled && !row.scheduled_change)
    throw wrongState(row.status, " and nothing is arranged for the end of its period, so there is nothing to revoke.");
  const kept: SubscriptionRow = canceled
    ? { ...row, cancel_at: null, canceled_at: null, cancel_reason: null }
    : { ...row, scheduled_change: null };
  const next = { ...kept, due_at: dueAt(kept) };
  await saveSubscription(tx, next);
  announceUpdate(
    tx,
    next,
    canceled ? "The cancellation was revoked." : "The change that was arranged for the end of the period was taken back.",
    [canceled ? "cancel_at" : "scheduled_change"],
  );
  return next;
}
