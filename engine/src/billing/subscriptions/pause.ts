/** Pauses: no charges and no access from now on, until it is resumed, by itself if a date is given. */
import type { Tx } from "../../commit.ts";
import { invalidField } from "../../errors.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import { dueAt } from "./cycle.ts";
import { lockLive } from "./lock-current.ts";
import { type SubscriptionRow, saveSubscription } from "./store.ts";
import { assertMove, wrongState } from "./subscription.ts";

export async function pauseSubscription(tx: Tx, input: { tenantId: string; resumesAt: Instant | null }): Promise<SubscriptionRow> {
  if (input.resumesAt !== null && input.resumesAt <= tx.now) throw invalidField("resumes_at", "must lie in the future");
  const row = await lockLive(tx, input.tenantId);
  assertMove(row.status, "paused");
  if (row.cancel_at !== null)
    throw wrongState(row.status, ` and ends at ${formatInstant(row.cancel_at)}; revoke that before it is paused.`);
  const pause = { paused_at: formatInstant(tx.now), resumes_at: input.resumesAt === null ? null : formatInstant(input.resumesAt) };
  const paused: SubscriptionRow = { ...row, status: "paused", pause };
  const next = { ...paused, due_at: dueAt(paused) };
  await saveSubscription(tx, next);
  tx.emit({
    type: "subscription.paused",
    tenantId: row.tenant_id,
    subject: row.id,
    summary: pause.resumes_at ? `The subscription was paused until ${pause.resumes_at}.` : "The subscription was paused.",
    data: { subscription: row.id, plan: row.plan_key, status: next.status, previous_status: row.status, resumes_at: pause.resumes_at },
  });
  return next;
}
