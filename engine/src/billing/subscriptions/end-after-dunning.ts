/** The last retry failed: what the plan says becomes of the subscription (domain §5.8). */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { endSubscription } from "./end-subscription.ts";
import { lockCurrent } from "./lock-current.ts";

/**
 * Reaction to `invoice.payment_failed`: acts on the last one only. It ends as one that is canceled at once: what was used is billed,
 * nothing is given back. The invoice that was not paid stays open: it can still be paid or written off.
 */
export async function endAfterDunning(tx: Tx, event: AppendedEvent): Promise<void> {
  const { subscription: id, invoice, last } = event.data as { subscription: string | null; invoice: string; last?: boolean };
  if (!last || id === null || event.tenantId === null) return;
  const row = await lockCurrent(tx, event.tenantId);
  if (row?.id !== id || row.status !== "past_due") return;
  const { afterDunning } = await tx.ctx.catalog.plan(row.plan_key, row.plan_version);
  if (afterDunning === "keep") return;
  await endSubscription(tx, row, {
    status: afterDunning === "cancel" ? "canceled" : "expired",
    at: tx.now,
    reason: row.cancel_reason ?? "payment_failed",
    refundUnused: false,
    cause: { summary: "The last retry of a payment failed, so the subscription ended.", data: { reason: "payment_failed", invoice } },
  });
}
