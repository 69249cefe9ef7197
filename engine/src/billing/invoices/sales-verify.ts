/** What must hold of credits that are sold and that come with plans, as statements whose rows say what is expected and what is found. */

const CHECKS = [
  {
    name: "sales.purchases",
    says: "a purchase is granted when its invoice is paid, also where a dispute took the money since, and only then",
    text: `
select p.tenant_id, p.id as subject,
  case when i.id is null then 'an invoice' when i.status = 'void' then 'canceled' when i.status <> 'paid' and d.taken is null then 'open'
    when p.granted = 0 and i.total > 0 and i.credited >= i.total then 'canceled' else 'granted' end as expected,
  p.status as found
from credit_purchases p left join invoices i on i.id = p.invoice_id and i.tenant_id = p.tenant_id
left join (select c.invoice_id, sum(d.taken) as taken from payment_disputes d join payments c on c.id = d.payment_id and c.tenant_id = d.tenant_id
           where d.taken > 0 and ($1::text is null or d.tenant_id = $1) group by c.invoice_id) d on d.invoice_id = i.id
where $1::text is null or p.tenant_id = $1`,
  },
  {
    name: "sales.purchase_grants",
    says: "what a purchase granted is one grant of as much",
    text: `
select p.tenant_id, p.id as subject, case when p.granted > 0 then concat(trim_scale(p.granted), ' once') else 'none' end as expected,
  coalesce((select concat(trim_scale(sum(g.amount)), case when count(*) = 1 then ' once' else concat(' in ', count(*)) end)
    from credit_grants g where g.tenant_id = p.tenant_id and g.reference = p.id and g.parent_id is null having count(*) > 0), 'none') as found
from credit_purchases p where $1::text is null or p.tenant_id = $1`,
  },
  {
    name: "sales.plan_grants",
    says: "what a period was granted is a grant of as much, and not above its plan's credits",
    text: `
select p.tenant_id, concat(p.id, ' ', p.plan_key) as subject,
  concat(trim_scale(p.granted), case when p.granted > p.level then concat(', at most ', trim_scale(p.level)) end) as expected,
  trim_scale(coalesce((select g.amount from credit_grants g where g.id = p.grant_id and g.tenant_id = p.tenant_id), 0))::text as found
from plan_credits p where $1::text is null or p.tenant_id = $1`,
  },
  {
    name: "sales.occurrences",
    says: "an occurrence of a top-up by the calendar brought one grant, or one purchase, or nothing",
    text: `
select coalesce(o.tenant_id, f.tenant_id) as tenant_id, concat(coalesce(o.rule_id, f.rule_id), ' ', coalesce(o.at, f.at)) as subject,
  case o.status when 'granted' then '1 grant' when 'purchased' then '1 purchase' else 'nothing' end as expected, coalesce(f.what, 'nothing') as found
from (select * from credit_top_up_occurrences where $1::text is null or tenant_id = $1) o
full join (
  select t.tenant_id, split_part(t.origin, ' ', 2) as rule_id, split_part(t.origin, ' ', 3)::timestamptz as at, concat(count(*), ' grant') as what
  from credit_transfers t join credit_grants g on g.id = t.grant_id and g.tenant_id = t.tenant_id and g.reference = split_part(t.origin, ' ', 2)
  where t.origin like 'top-up %' and t.leg = 1 and ($1::text is null or t.tenant_id = $1) group by 1, 2, 3
  union all
  select r.tenant_id, r.rule_id, r.occurrence_at, concat(count(*), ' purchase')
  from credit_top_up_runs r join credit_purchases p on p.invoice_id = r.invoice_id and p.tenant_id = r.tenant_id and p.status <> 'open'
  where r.rule_id is not null and r.status = 'granted' and ($1::text is null or r.tenant_id = $1) group by 1, 2, 3
) f on f.rule_id = o.rule_id and f.at = o.at and f.tenant_id = o.tenant_id`,
  },
  {
    name: "sales.top_up_runs",
    says: "a purchase by a top-up runs while its invoice is open; paid, it has been granted, and called off, it failed",
    text: `
select r.tenant_id, r.id as subject,
  case i.status when 'paid' then 'granted' when 'void' then 'failed' when 'open' then 'running' when 'uncollectible' then 'running' else coalesce(i.status, 'an invoice') end as expected, r.status as found
from credit_top_up_runs r left join invoices i on i.id = r.invoice_id and i.tenant_id = r.tenant_id where $1::text is null or r.tenant_id = $1`,
  },
  {
    name: "sales.top_up_rules",
    says: "the next occurrence of a top-up by the calendar comes after those that are settled",
    text: `
select r.tenant_id, concat(r.id, ' ', r.key) as subject, concat('after ', o.at) as expected,
  case when r.next_at <= o.at then concat('at ', r.next_at) else concat('after ', o.at) end as found
from credit_top_up_rules r join (select rule_id, tenant_id, max(at) as at from credit_top_up_occurrences group by 1, 2) o
  on o.rule_id = r.id and o.tenant_id = r.tenant_id where $1::text is null or r.tenant_id = $1`,
  },
  {
    name: "sales.covered",
    says: "what credits covered of usage belongs to an event",
    text: `
select t.id as tenant_id, c.identity::text as subject, 'an event' as expected, case when e.identity is null then 'none' else 'an event' end as found
from usage_covered c left join usage_events e on e.tenant_no = c.tenant_no and e.identity = c.identity and e.at = c.at
left join tenants t on t.no = c.tenant_no where $1::text is null or t.id = $1`,
  },
] as const;

export function salesChecks(tenantId: string | null) {
  return CHECKS.map((check) => ({ ...check, values: [tenantId] }));
}
