/** The last retry failed: what the plan says becomes of the subscription (domain §5.8). */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { lockStanding, updateStanding } from "./past-due-store.ts";
import { assertMove } from "./subscription.ts";

/** Reaction to `invoice.payment_failed`: acts on the last one only. The invoice stays open: it can still be paid or written off. */
export async function endAfterDunning(tx: Tx, event: AppendedEvent): Promise<void> {
  const { subscription: id, invoice, last } = event.data as { subscription: string | null; invoice: string; last?: boolean };
  if (!last || id === null || event.tenantId === null) return;
  const row = await lockStanding(tx, id, event.tenantId);
  if (row?.status !== "past_due") return;
  const { afterDunning } = await tx.ctx.catalog.plan(row.plan_key, row.plan_version);
  if (afterDunning === "keep") return;
  const status = afterDunning === "cancel" ? "canceled" : "expired";
  assertMove(row.status, status);
  await updateStanding(tx, { ...row, status, grace_until: null }, true);
  tx.emit({
    type: status === "canceled" ? "subscription.canceled" : "subscription.expired",
    tenantId: row.tenant_id,
    subject: row.id,
    summary: "The last retry of a payment failed, so the subscription ended.",
    data: { subscription: row.id, plan: row.plan_key, status, invoice, reason: "payment_failed" },
  });
}
