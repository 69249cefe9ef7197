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
    says: "what goes on falls due by the end of its period, a pause by its own; what ended only for what came late",
    text: `
select tenant_id, id as subject, coalesce('by ' || to_char(latest, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'never') as expected,
  case when due_at is null then 'never' when due_at <= latest then 'by ' || to_char(latest, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    else 'at ' || to_char(due_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') end as found
from (
  select tenant_id, id, due_at, case status
    when 'incomplete' then started_at
    when 'paused' then coalesce(cancel_at, (pause ->> 'resumes_at')::timestamptz)
    when 'canceled' then case when due_at is not null then greatest(due_at, ended_at) end
    when 'expired' then case when due_at is not null then greatest(due_at, ended_at) end
    else current_period_end end as latest
  from subscriptions where processor = 'engine' and ($1::text is null or tenant_id = $1)
) due`,
  },
  {
    name: "subscriptions.status",
    says: "what is paused has its pause, what ended its end, nothing else has",
    text: `
select tenant_id, id as subject,
  concat(status, case when status = 'paused' then ', with a pause' end, case when status in ('canceled', 'expired') then ', ended' end) as expected,
  concat(status, case when pause is not null then ', with a pause' end, case when ended_at is not null then ', ended' end) as found
from subscriptions where $1::text is null or tenant_id = $1`,
  },
  {
    name: "subscriptions.past_due",
    says: "what the engine finds past due has a grace, and an open invoice whose payment failed",
    text: `
select s.tenant_id, s.id as subject, 'a grace, an invoice' as expected,
  concat(case when s.grace_until is null then 'no grace' else 'a grace' end, case when exists (
    select 1 from invoices i where i.subscription_id = s.id and i.tenant_id = s.tenant_id and i.failed_at is not null and i.status = 'open'
  ) then ', an invoice' else ', no invoice' end) as found
from subscriptions s where s.status = 'past_due' and s.processor = 'engine' and ($1::text is null or s.tenant_id = $1)`,
  },
] as const;

export function subscriptionChecks(tenantId: string | null) {
  return CHECKS.map((check) => ({ ...check, values: [tenantId] }));
}
