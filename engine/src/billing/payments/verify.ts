/** What must hold of payments, as statements whose rows say what is expected and what is found. $1: one tenant, or null. */

const CHECKS = [
  {
    name: "payments.received",
    says: "what succeeded brought money, at an instant; nothing else did",
    text: `
select tenant_id, id as subject,
  case when status = 'succeeded' then 'more than 0' else '0' end || case when status in ('succeeded', 'failed') then ', settled' else '' end as expected,
  case when status = 'succeeded' and amount_received > 0 then 'more than 0' else amount_received::text end
    || case when settled_at is null then '' else ', settled' end as found
from payments where $1::text is null or tenant_id = $1`,
  },
  {
    name: "payments.attempts",
    says: "the attempts of an invoice are numbered from 1, each once",
    text: `
select min(tenant_id) as tenant_id, invoice_id as subject, concat('1 to ', count(*)) as expected, concat(min(attempt), ' to ', max(attempt),
  case when count(distinct attempt) < count(*) then ', one twice' end) as found
from payments where invoice_id is not null and ($1::text is null or tenant_id = $1) group by invoice_id`,
  },
  {
    name: "payments.in_flight",
    says: "at most one attempt of an invoice is on its way",
    text: `
select min(tenant_id) as tenant_id, invoice_id as subject, '1' as expected,
  concat(count(*), case when count(*) > 1 then ': ' || string_agg(id, ', ' order by id) end) as found
from payments
where invoice_id is not null and status in ('requested', 'pending', 'unknown', 'requires_action') and ($1::text is null or tenant_id = $1)
group by invoice_id`,
  },
] as const;

export function paymentChecks(tenantId: string | null) {
  return CHECKS.map((check) => ({ ...check, values: [tenantId] }));
}
