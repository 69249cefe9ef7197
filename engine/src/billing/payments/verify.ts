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
where invoice_id is not null and order_id is null and status in ('requested', 'pending', 'unknown', 'requires_action') and ($1::text is null or tenant_id = $1)
group by invoice_id`,
  },
  {
    name: "refunds.covered",
    says: "no payment gives back more than it brought, nor in another currency",
    text: `
select min(r.tenant_id) as tenant_id, r.payment_id as subject,
  concat(least(sum(r.amount), coalesce(min(p.amount_received), 0)), ' ', coalesce(min(p.currency), 'of a payment')) as expected,
  concat(sum(r.amount), ' ', string_agg(distinct r.currency, ', ')) as found
from refunds r left join payments p on p.id = r.payment_id and p.tenant_id = r.tenant_id
where r.status <> 'failed' and ($1::text is null or r.tenant_id = $1) group by r.payment_id`,
  },
  {
    name: "refunds.once",
    says: "what a gateway calls one refund is one, but for its part beyond the invoice",
    text: `
select min(tenant_id) as tenant_id, concat_ws(' ', gateway, gateway_reference) as subject, '1' as expected,
  concat(count(*), ': ' || case when count(*) > 1 then string_agg(id, ', ' order by id) end) as found
from refunds where gateway_reference is not null and gateway <> 'manual' and ($1::text is null or tenant_id = $1)
group by gateway, payment_id, gateway_reference, credit_note_id is null`,
  },
  {
    name: "disputes.taken",
    says: "only a dispute that is lost took anything, and no more than it is over",
    text: `
select d.tenant_id, concat_ws(' ', d.gateway, d.reference) as subject,
  case when d.status <> 'lost' then 0 when d.currency = p.currency then least(d.taken, d.amount) else least(d.taken, p.amount_received) end::text as expected,
  d.taken::text as found
from payment_disputes d join payments p on p.id = d.payment_id and p.tenant_id = d.tenant_id where $1::text is null or d.tenant_id = $1`,
  },
  {
    name: "refunds.settled",
    says: "a refund that succeeded or failed did so at an instant, no other did",
    text: `
select tenant_id, id as subject, concat(status, case when status in ('succeeded', 'failed') then ', settled' end) as expected,
  concat(status, case when settled_at is not null then ', settled' end) as found
from refunds where $1::text is null or tenant_id = $1`,
  },
  {
    name: "receipts.conserved",
    says: "what came from outside was applied, kept, returned, or is left",
    text: `
select r.tenant_id, concat_ws(' ', r.reference, r.id) as subject, r.amount::text as expected, (coalesce(u.sum, 0) + r.amount_left)::text as found
from receipts r
left join (select receipt_id, sum(amount) as sum from receipt_uses where $1::text is null or tenant_id = $1 group by receipt_id) u on u.receipt_id = r.id
where $1::text is null or r.tenant_id = $1`,
  },
  {
    name: "receipts.payments",
    says: "what was applied is a payment of that invoice, and the other way",
    text: `
select coalesce(u.tenant_id, p.tenant_id) as tenant_id, coalesce(u.payment_id, p.id) as subject,
  case when u.payment_id is null then 'no payment' else concat_ws(' ', u.tenant_id, u.invoice_id, r.currency, u.amount) end as expected,
  case when p.id is null then 'no payment' else concat_ws(' ', p.tenant_id, p.invoice_id, p.currency, p.amount_received) end as found
from (select * from receipt_uses where kind = 'applied' and ($1::text is null or tenant_id = $1)) u
join receipts r on r.id = u.receipt_id
full join (select * from payments where gateway = 'manual' and ($1::text is null or tenant_id = $1)) p on p.id = u.payment_id`,
  },
  {
    name: "receipts.balance",
    says: "what was kept as balance has its entry there",
    text: `
select r.tenant_id, concat_ws(' ', r.reference, r.id) as subject, coalesce(u.sum, 0)::text as expected, coalesce(b.sum, 0)::text as found
from receipts r
left join (select receipt_id, sum(amount) as sum from receipt_uses
           where kind = 'balance' and ($1::text is null or tenant_id = $1) group by receipt_id) u on u.receipt_id = r.id
left join (select receipt_id, sum(amount) as sum from balance_entries
           where kind = 'received' and ($1::text is null or tenant_id = $1) group by receipt_id) b on b.receipt_id = r.id
where $1::text is null or r.tenant_id = $1`,
  },
] as const;

export function paymentChecks(tenantId: string | null) {
  return CHECKS.map((check) => ({ ...check, values: [tenantId] }));
}
