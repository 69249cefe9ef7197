/** SQL of balances as they are at an instant: what can be spent is asked of the grants, whether or not the sweep of expiry has run. */
import type { Database } from "../../db/pool.ts";
import { type Decimal, decimal } from "../money/decimal.ts";
import { formatInstant, type Instant } from "../time/instant.ts";

export interface Standing {
  tenant_id: string;
  /** What can be spent at the instant. */
  available: string;
  is_low: boolean;
}

const ACTIVE = "g.open and g.effective_at <= $2 and (g.expires_at is null or g.expires_at > $2)";

export async function readStanding(db: Database, tenantIds: readonly string[], at: Instant): Promise<Standing[]> {
  return db.query<Standing>(
    `select w.tenant_id, w.is_low, coalesce((select sum(g.remaining) from credit_grants_now g where g.tenant_id = w.tenant_id and ${ACTIVE}), 0)::text as available
     from credit_wallets w where w.tenant_id = any($1::text[]) order by w.tenant_id`,
    [tenantIds, formatInstant(at)],
  );
}

/** What open holds that are past their time have of each grant. */
export async function findOverdueParts(db: Database, tenantId: string, at: Instant): Promise<Map<string, Decimal>> {
  const rows = await db.query<{ grant_id: string; amount: string }>(
    `select t.grant_id, sum(t.amount)::text as amount from credit_holds h join credit_transfers t on t.hold_id = h.id and t.tenant_id = h.tenant_id
     where h.tenant_id = $1 and h.status = 'open' and h.expires_at <= $2 and t.type = 'held' group by t.grant_id`,
    [tenantId, formatInstant(at)],
  );
  return new Map(rows.map((row) => [row.grant_id, decimal(row.amount)]));
}
