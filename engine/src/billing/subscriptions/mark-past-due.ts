/** A payment failed: the subscription is past due, and keeps its access until the grace is over (domain §5.8). */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import { lockStanding, updateStanding } from "./past-due-store.ts";

const DAY = 86_400_000;

/** `failed_at`: of what is told later than it happened. */
interface Failure {
  subscription: string | null;
  invoice: string;
  dunning: boolean;
  failed_at?: Instant;
}

/** Reaction to `invoice.payment_failed`. A further failure does not prolong the grace. */
export async function markPastDue(tx: Tx, event: AppendedEvent): Promise<void> {
  const { subscription: id, invoice, dunning, failed_at: at } = event.data as unknown as Failure;
  if (!dunning || id === null || event.tenantId === null) return;
  const row = await lockStanding(tx, id, event.tenantId);
  if (!row || (row.status !== "active" && row.status !== "trialing")) return;
  const graceUntil = (at ?? tx.now) + tx.ctx.config.gracePeriodDays * DAY;
  await updateStanding(tx, { ...row, status: "past_due", grace_until: graceUntil });
  tx.emit({
    type: "subscription.past_due",
    tenantId: row.tenant_id,
    subject: row.id,
    summary: `A payment failed; access stays until ${formatInstant(graceUntil)}.`,
    data: { subscription: row.id, plan: row.plan_key, status: "past_due", invoice, grace_until: formatInstant(graceUntil) },
  });
}
