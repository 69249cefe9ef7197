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
