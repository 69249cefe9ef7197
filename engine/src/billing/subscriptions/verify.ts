/** What must hold of subscriptions, as statements whose rows say what is expected and what is found. $1: one tenant, or null. */

const CHECKS = [
  {
    name: "subscriptions.live",
    says: "a tenant has one live subscription at most",
    text: `
select tenant_id, 'live subscriptions' as subject, '1' as expected,
  concat(count(*), case when count(*) > 1 then ': ' || string_agg(id, ', ' order by id) end) as found
from subscriptions where status not in ('canceled', 'expired') and ($1::text is null or tenant_id = $1) group by tenant_id`,
  },
  {
    name: "subscriptions.due",
    says: "what goes on falls due again; what ended does not",
    text: `
select tenant_id, id as subject, case when status in ('canceled', 'expired') then 'never' else 'at some time' end as expected,
  case when due_at is null then 'never' else 'at some time' end as found
from subscriptions
where processor = 'engine' and status in ('incomplete', 'trialing', 'active', 'past_due', 'canceled', 'expired') and ($1::text is null or tenant_id = $1)`,
  },
] as const;

export function subscriptionChecks(tenantId: string | null) {
  return CHECKS.map((check) => ({ ...check, values: [tenantId] }));
}
