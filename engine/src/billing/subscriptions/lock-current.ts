/** The tenant's subscription, locked for a change and up to date: what was due and not swept yet is done first. */
import type { Tx } from "../../commit.ts";
import { Refusal } from "../../errors.ts";
import { renewRows } from "./renew-rows.ts";
import { findCurrent, type SubscriptionRow } from "./store.ts";
import { isLive, wrongState } from "./subscription.ts";

/** The live one, else the last that ended; null without any. */
export async function lockCurrent(tx: Tx, tenantId: string): Promise<SubscriptionRow | null> {
  for (;;) {
    const row = await findCurrent(tx, tenantId, true);
    if (row?.due_at == null || row.due_at > tx.now) return row;
    await renewRows(tx, [row]);
  }
}

/** Throws `no_subscription`, or `invalid_state` where it has ended. */
export async function lockLive(tx: Tx, tenantId: string): Promise<SubscriptionRow> {
  const row = await lockCurrent(tx, tenantId);
  if (!row) throw new Refusal("no_subscription", "The tenant has no subscription.");
  if (!isLive(row.status)) throw wrongState(row.status, ": it has ended, and nothing of it can change; start a new one.");
  return row;
}
