/** Cancels: at once, with a last invoice, or when the period ends, which can be revoked until then. */
import type { Tx } from "../../commit.ts";
import { invalidField } from "../../errors.ts";
import { formatInstant } from "../time/instant.ts";
import { announceUpdate } from "./announce.ts";
import { dueAt } from "./cycle.ts";
import { endSubscription } from "./end-subscription.ts";
import { lockLive } from "./lock-current.ts";
import { type SubscriptionRow, saveSubscription } from "./store.ts";

export interface CancelInput {
  tenantId: string;
  when?: "now" | "period_end" | undefined;
  reason?: string | undefined;
  refundUnused?: boolean | undefined;
}

export async function cancelSubscription(tx: Tx, input: CancelInput): Promise<SubscriptionRow> {
  const when = input.when ?? "period_end";
  if (when === "period_end" && input.refundUnused)
    throw invalidField("refund_unused", "needs when: now; at the end of the period nothing is unused");
  const row = await lockLive(tx, input.tenantId);
  const reason = input.reason ?? null;
  // What never began has no period to wait for, and ends as expired; nor has a pause that outlasted its period.
  if (row.status === "incomplete") return endSubscription(tx, row, { status: "expired", at: tx.now, reason, refundUnused: false });
  if (when === "now" || row.current_period_end <= tx.now) {
    return endSubscription(tx, row, { status: "canceled", at: tx.now, reason, refundUnused: input.refundUnused ?? false });
  }
  if (row.cancel_at !== null && (reason === null || reason === row.cancel_reason)) return row;
  const asked: SubscriptionRow = {
    ...row,
    cancel_at: row.current_period_end,
    canceled_at: row.canceled_at ?? tx.now,
    cancel_reason: reason ?? row.cancel_reason,
  };
  const next = { ...asked, due_at: dueAt(asked) };
  await saveSubscription(tx, next);
  announceUpdate(tx, next, `The subscription will be canceled at ${formatInstant(row.current_period_end)}.`, ["cancel_at"]);
  return next;
}
