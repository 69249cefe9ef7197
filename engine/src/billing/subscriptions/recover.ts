/** What was owed is settled: a subscription that was past due is active at once (domain §5.8). */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { hasFailing } from "../invoices/dunning-store.ts";
import { lockStanding, updateStanding } from "./past-due-store.ts";

/** Reaction to what ends a debt. `failed`: a payment of the invoice had failed, so that only then the subscription is looked at. */
export async function recover(tx: Tx, event: AppendedEvent): Promise<void> {
  const { subscription: id, failed } = event.data as { subscription: string | null; failed?: boolean };
  if (!failed || id === null || event.tenantId === null) return;
  const row = await lockStanding(tx, id, event.tenantId);
  if (row?.status !== "past_due" || (await hasFailing(tx, row.tenant_id, row.id))) return;
  await updateStanding(tx, { ...row, status: "active", grace_until: null });
  tx.emit({
    type: "subscription.updated",
    tenantId: row.tenant_id,
    subject: row.id,
    summary: "What was owed is settled; the subscription is active again.",
    data: { subscription: row.id, plan: row.plan_key, status: "active", from: "past_due" },
  });
}
