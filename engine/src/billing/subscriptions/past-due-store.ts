/** SQL of the way into arrears and out of it. */
import type { Tx } from "../../commit.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { SubscriptionStatus } from "./subscription.ts";

export interface Standing {
  id: string;
  tenant_id: string;
  plan_key: string;
  plan_version: number;
  status: SubscriptionStatus;
  grace_until: Instant | null;
}

export async function lockStanding(tx: Tx, id: string, tenantId: string): Promise<Standing | null> {
  const rows = await tx.query<Standing>(
    "select id, tenant_id, plan_key, plan_version, status, grace_until from subscriptions where id = $1 and tenant_id = $2 for no key update",
    [id, tenantId],
  );
  return rows[0] ?? null;
}

export async function updateStanding(tx: Tx, row: Standing): Promise<void> {
  await tx.query("update subscriptions set status = $3, grace_until = $4, updated_at = $5 where id = $1 and tenant_id = $2", [
    row.id,
    row.tenant_id,
    row.status,
    row.grace_until === null ? null : formatInstant(row.grace_until),
    formatInstant(tx.now),
  ]);
}
