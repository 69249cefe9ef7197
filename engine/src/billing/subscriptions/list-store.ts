/** SQL of the operator's list of subscriptions. */
import type { Database } from "../../db/pool.ts";
import { COLUMNS, type SubscriptionRow } from "./store.ts";

export function listSubscriptions(
  db: Database,
  filter: {
    tenantId: string | null;
    status: string | null;
    plan: string | null;
    currency: string | null;
    before: string[] | null;
    limit: number;
  },
): Promise<SubscriptionRow[]> {
  return db.query<SubscriptionRow>(
    `/* all tenants, or the one that is asked for */ select ${COLUMNS} from subscriptions s join tenants t on t.id = s.tenant_id
     where ($1::text is null or s.tenant_id = $1) and ($2::text is null or s.status = $2) and ($3::text is null or s.plan_key = $3)
       and ($4::text is null or s.currency = $4) and ($5::timestamptz is null or (s.created_at, s.id) < ($5, $6))
     order by s.created_at desc, s.id desc limit $7`,
    [filter.tenantId, filter.status, filter.plan, filter.currency, filter.before?.[0] ?? null, filter.before?.[1] ?? null, filter.limit],
  );
}
