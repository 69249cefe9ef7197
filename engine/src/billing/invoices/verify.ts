/**
 * What must hold of invoices, as statements: each row says what is expected of one thing and what is found, and is wrong
 * where the two differ. `billwright verify` runs them; $1 is the one tenant to look at, null for all.
 */

/** An invoice of itself: its own sums, its state, its lines, its payments. */
const OF_EACH = [
  {
    name: "invoices.subtotal",
    says: "a subtotal is the sum of its lines",
    text: `
select i.tenant_id, concat_ws(' ', i.number, i.id) as subject, coalesce(l.sum, 0)::text as expected, i.subtotal::text as found
from invoices i
left join (select invoice_id, sum(amount) as sum from invoice_lines where $1::text is null or tenant_id = $1 group by invoice_id) l on l.invoice_id = i.id
where $1::text is null or i.tenant_id = $1`,
  },
  {
    name: "invoices.total",
    says: "a total is subtotal − discount + tax that prices lack",
    text: `
select tenant_id, concat_ws(' ', number, id) as subject, (subtotal - discount + tax - tax_included)::text as expected, total::text as found
from invoices where $1::text is null or tenant_id = $1`,
  },
  {
    name: "invoices.taxes",
    says: "discount and tax are the sums of those of its lines",
    text: `
select i.tenant_id, concat_ws(' ', i.number, i.id) as subject,
  concat('discount ', coalesce(l.discount, 0), ', tax ', coalesce(l.tax, 0), ', of it contained ', coalesce(l.included, 0)) as expected,
  concat('discount ', i.discount, ', tax ', i.tax, ', of it contained ', i.tax_included) as found
from invoices i
left join (select invoice_id, sum(discount) as discount, sum(tax) as tax,
             sum((select coalesce(sum((t ->> 'amount')::numeric), 0) from jsonb_array_elements(taxes) t where (t ->> 'inclusive')::boolean)) as included
           from invoice_lines where $1::text is null or tenant_id = $1 group by invoice_id) l on l.invoice_id = i.id
where $1::text is null or i.tenant_id = $1`,
  },
  {
    name: "invoices.discounts",
    says: "what discounts took off is what they have used up",
    text: `
select i.tenant_id, concat_ws(' ', i.number, i.id) as subject, coalesce(u.used, 0)::text as expected, i.discount::text as found
from invoices i
left join (select invoice_id, sum(amount) as used from discount_uses where $1::text is null or tenant_id = $1 group by invoice_id) u on u.invoice_id = i.id
where i.issued_at is not null and i.processor = 'engine' and ($1::text is null or i.tenant_id = $1)`,
  },
  {
    name: "invoices.due",
    says: "what is due is the total less balance, payments, credits",
    text: `
select tenant_id, concat_ws(' ', number, id) as subject,
  case when status = 'void' then 0 else greatest(total, 0) - balance_applied - amount_paid - amount_offset end::text as expected, amount_due::text as found
from invoices where $1::text is null or tenant_id = $1`,
  },
  {
    name: "invoices.status",
    says: "what has nothing due is paid since an instant, nothing else is",
    text: `
select tenant_id, concat_ws(' ', number, id) as subject,
  case when status in ('draft', 'void') then status when amount_due = 0 then 'paid' when status = 'paid' then 'open' else status end as expected,
  concat(status, case when status = 'paid' and paid_at is null then ' at no time' when status <> 'paid' and paid_at is not null then ', with a paid_at' end,
    case when status = 'void' and voided_at is null then ' at no time' when status <> 'void' and voided_at is not null then ', with a voided_at' end,
    case when status = 'draft' and issued_at is not null then ', but issued' when status not in ('draft', 'void') and issued_at is null then ', not issued' end) as found
from invoices where $1::text is null or tenant_id = $1`,
  },
  {
    name: "invoices.dunning",
    says: "what is tried again is open, charged automatically, and failed before",
    text: `
select tenant_id, concat_ws(' ', number, id) as subject, 'open, charge_automatically, failed' as expected,
  concat(status, ', ', collection, case when failed_at is null then ', never failed' else ', failed' end, case when dunning_ended_at is not null then ', given up' end) as found
from invoices where next_attempt_at is not null and ($1::text is null or tenant_id = $1)`,
  },
  {
    name: "invoices.payments",
    says: "payments that succeeded are what was paid, overpaid, and lost by disputes",
    text: `
select i.tenant_id, concat_ws(' ', i.number, i.id) as subject, coalesce(p.received, 0)::text as expected, (i.amount_paid + coalesce(b.over, 0) + coalesce(d.taken, 0))::text as found
from invoices i
left join (select p.invoice_id, sum(d.taken) as taken from payment_disputes d join payments p on p.id = d.payment_id and p.tenant_id = d.tenant_id
           where d.taken > 0 and ($1::text is null or d.tenant_id = $1) group by p.invoice_id) d on d.invoice_id = i.id
left join (select invoice_id, sum(amount_received) as received from payments
           where status = 'succeeded' and ($1::text is null or tenant_id = $1) group by invoice_id) p on p.invoice_id = i.id
left join (select invoice_id, sum(amount) as over from balance_entries
           where kind = 'overpaid' and ($1::text is null or tenant_id = $1) group by invoice_id) b on b.invoice_id = i.id
where $1::text is null or i.tenant_id = $1`,
  },
  {
    name: "invoices.balance",
    says: "what it took from the balance or left there has its entry",
    text: `
select i.tenant_id, concat_ws(' ', i.number, i.id) as subject,
  concat('took ', i.balance_applied, case when i.status = 'void' then concat(', returned ', i.balance_applied) end,
    ', left ', case when i.issued_at is null then 0 else greatest(-i.total, 0) end) as expected,
  concat('took ', coalesce(-b.applied, 0), case when i.status = 'void' or b.returned <> 0 then concat(', returned ', coalesce(b.returned, 0)) end,
    ', left ', coalesce(b.credited, 0)) as found
from invoices i
left join (select invoice_id, sum(amount) filter (where kind = 'applied') as applied, sum(amount) filter (where kind = 'returned') as returned,
             sum(amount) filter (where kind = 'credited') as credited
           from balance_entries where $1::text is null or tenant_id = $1 group by invoice_id) b on b.invoice_id = i.id
where i.processor = 'engine' and ($1::text is null or i.tenant_id = $1)`,
  },
  {
    name: "invoices.periods",
    says: "a subscription's period has one invoice of each reason",
    text: `
select min(tenant_id) as tenant_id, concat_ws(' ', subscription_id, reason, to_char(period_start, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) as subject,
  '1' as expected, concat(count(*), case when count(*) > 1 then ': ' || string_agg(id, ', ' order by id) end) as found
from invoices
where subscription_id is not null and processor = 'engine' and status <> 'void' and reason in ('start', 'period', 'advance') and ($1::text is null or tenant_id = $1)
group by subscription_id, period_start, reason`,
  },
  {
    name: "invoices.items",
    says: "its one-off lines are the items that it took",
    text: `
select coalesce(i.tenant_id, l.tenant_id) as tenant_id, coalesce(i.invoice_id, l.invoice_id) as subject,
  concat(coalesce(i.items, 0), ' over ', coalesce(i.amount, 0)) as expected, concat(coalesce(l.items, 0), ' over ', coalesce(l.amount, 0)) as found
from (select invoice_id, min(tenant_id) as tenant_id, count(*) as items, sum(amount) as amount from invoice_items
      where invoice_id is not null and ($1::text is null or tenant_id = $1) group by invoice_id) i
full join (select invoice_id, min(tenant_id) as tenant_id, count(*) as items, sum(amount) as amount from invoice_lines
           where kind = 'item' and ($1::text is null or tenant_id = $1) group by invoice_id) l on l.invoice_id = i.invoice_id`,
  },
] as const;

/** What credit notes took back, and where it went. */
const OF_NOTES = [
  {
    name: "invoices.credits",
    says: "what was credited is in its notes, and where they put it",
    text: `
select i.tenant_id, concat_ws(' ', i.number, i.id) as subject,
  concat(coalesce(n.total, 0), ', off what is due ', coalesce(n.offset_due, 0), ', to the balance ', coalesce(n.to_balance, 0)) as expected,
  concat(i.credited, ', off what is due ', i.amount_offset, ', to the balance ', coalesce(b.amount, 0)) as found
from invoices i
left join (select invoice_id, sum(total) as total, sum(offset_due) as offset_due, sum(to_balance) as to_balance from credit_notes
           where $1::text is null or tenant_id = $1 group by invoice_id) n on n.invoice_id = i.id
left join (select invoice_id, sum(amount) as amount from balance_entries
           where kind = 'credit_note' and ($1::text is null or tenant_id = $1) group by invoice_id) b on b.invoice_id = i.id
where i.processor = 'engine' and ($1::text is null or i.tenant_id = $1)`,
  },
  {
    name: "invoices.refunded",
    says: "what was refunded is its refunds by credit notes; those that failed are balance",
    text: `
select i.tenant_id, concat_ws(' ', i.number, i.id) as subject, concat(coalesce(r.amount, 0), ', failed ', coalesce(r.failed, 0)) as expected,
  concat(i.refunded, ', failed ', coalesce(b.amount, 0)) as found
from invoices i
left join (select invoice_id, sum(amount) filter (where status <> 'failed') as amount, sum(amount) filter (where status = 'failed') as failed from refunds
           where credit_note_id is not null and ($1::text is null or tenant_id = $1) group by invoice_id) r on r.invoice_id = i.id
left join (select invoice_id, sum(amount) as amount from balance_entries
           where kind = 'refund_failed' and ($1::text is null or tenant_id = $1) group by invoice_id) b on b.invoice_id = i.id
where $1::text is null or i.tenant_id = $1`,
  },
  {
    name: "notes.total",
    says: "a credit note is the sum of its lines, and of an invoice of its tenant",
    text: `
select n.tenant_id, concat_ws(' ', n.number, n.id) as subject,
  concat(coalesce(l.subtotal, 0), ' - ', coalesce(l.discount, 0), ', tax ', coalesce(l.tax, 0), ': ', coalesce(l.total, 0), case when i.id is null then ', of an invoice' end) as expected,
  concat(n.subtotal, ' - ', n.discount, ', tax ', n.tax, ': ', n.total, case when i.id is null then ', of no ' || n.invoice_id end) as found
from credit_notes n
left join invoices i on i.id = n.invoice_id and i.tenant_id = n.tenant_id and i.currency = n.currency
left join (select credit_note_id, sum(amount) as subtotal, sum(discount) as discount, sum(tax) as tax, sum(total) as total from credit_note_lines
           where $1::text is null or tenant_id = $1 group by credit_note_id) l on l.credit_note_id = n.id
where $1::text is null or n.tenant_id = $1`,
  },
  {
    name: "notes.lines",
    says: "a credited line is amount − discount + tax, but for the tax that prices contain",
    text: `
select tenant_id, concat_ws(' ', credit_note_id, line_id) as subject, concat('tax ', t.tax, ', in all ', amount - discount + t.added) as expected,
  concat('tax ', l.tax, ', in all ', total) as found
from credit_note_lines l
cross join lateral (select coalesce(sum((t ->> 'amount')::numeric), 0) as tax, coalesce(sum((t ->> 'amount')::numeric) filter (where not (t ->> 'inclusive')::boolean), 0) as added
                    from jsonb_array_elements(taxes) t) t
where $1::text is null or tenant_id = $1`,
  },
  {
    name: "notes.covered",
    says: "no line is credited beyond what it was",
    text: `
select min(c.tenant_id) as tenant_id, c.line_id as subject, least(sum(c.amount), coalesce(min(l.amount), 0))::text as expected, sum(c.amount)::text as found
from credit_note_lines c left join invoice_lines l on l.invoice_id = c.invoice_id and l.id = c.line_id
where $1::text is null or c.tenant_id = $1 group by c.line_id`,
  },
  {
    name: "notes.settled",
    says: "a credit note's total went to the balance, back as money, or off what was due",
    text: `
select n.tenant_id, concat_ws(' ', n.number, n.id) as subject, concat(n.total, ', refunds ', coalesce(r.amount, 0)) as expected,
  concat(n.to_balance + n.refunded + n.offset_due, ', refunds ', n.refunded) as found
from credit_notes n
left join (select credit_note_id, sum(amount) as amount from refunds where $1::text is null or tenant_id = $1 group by credit_note_id) r on r.credit_note_id = n.id
where $1::text is null or n.tenant_id = $1`,
  },
] as const;

/** Lines that are billed once, and those that wait for the next invoice: they have their round already. */
const IDENTITIES = `
select id, tenant_id, subscription_id, kind, price_key, group_key, period_start, round from invoice_lines
where subscription_id is not null and kind in ('flat', 'seat', 'usage', 'commitment', 'credit') and ($1::text is null or tenant_id = $1)
union all
select id, tenant_id, subscription_id, kind, price_key, null, period_start, round from pending_lines where $1::text is null or tenant_id = $1`;

const OF_LINES = [
  {
    name: "lines.invoice",
    says: "a line is of an invoice of its tenant and subscription",
    text: `
select l.tenant_id, l.id as subject, coalesce(concat_ws(' ', i.tenant_id, case when i.processor = 'engine' then i.subscription_id end), 'an invoice') as expected,
  case when i.id is null then 'no ' || l.invoice_id else concat_ws(' ', l.tenant_id, l.subscription_id) end as found
from invoice_lines l left join invoices i on i.id = l.invoice_id
where $1::text is null or l.tenant_id = $1`,
  },
  {
    name: "lines.amount",
    says: "an amount is its exact one, rounded, less what was billed",
    // round() of numeric is half away from zero, as money is. What a change within a period sells anew is settled with what was
    // sold before, rounded once for both, so that a minor unit may be on the one or the other.
    text: `
select tenant_id, id as subject, case when resold and abs(amount - rounded) = 1 then amount else rounded end::text as expected, amount::text as found
from (
  select *, round((explain ->> 'exact')::numeric) - coalesce((explain ->> 'billed_before')::numeric, 0) as rounded,
    kind in ('flat', 'seat') and (round > 0 or period_start > min(period_start) over (partition by subscription_id, price_key, period_end)) as resold
  from invoice_lines where kind in ('flat', 'seat', 'usage', 'commitment') and explain ->> 'exact' is not null and ($1::text is null or tenant_id = $1)
) lines`,
  },
  {
    name: "lines.credit",
    says: "a credit leaves what was used and what is sold for the rest",
    text: `
select tenant_id, id as subject, case when abs(amount - rounded) <= 1 and amount <= 0 then amount else rounded end::text as expected, amount::text as found
from (
  select c.tenant_id, c.id, c.amount,
    round((c.explain ->> 'used')::numeric + coalesce(s.exact, 0)) - (c.explain ->> 'billed_before')::numeric - coalesce(s.amount, 0) as rounded
  from invoice_lines c
  cross join lateral (
    select sum((s.explain ->> 'exact')::numeric) as exact, sum(s.amount) as amount, count(*) filter (where s.kind = 'credit') as credits,
      count(*) filter (where s.kind <> 'credit') as sales
    from (select kind, case when kind = 'credit' then 0 else amount end as amount, case when kind = 'credit' then '{}' else explain end as explain
          from invoice_lines
          where invoice_id = c.invoice_id and subscription_id = c.subscription_id and price_key = c.price_key and kind in ('flat', 'seat', 'credit')
            and period_start = c.period_start and period_end = c.period_end) s
  ) s
  /* Several changes at one instant are one after the other: which sale belongs to which credit is not kept. */
  where c.kind = 'credit' and c.explain ->> 'used' is not null and s.credits = 1 and s.sales <= 1 and ($1::text is null or c.tenant_id = $1)
) credits`,
  },
  {
    name: "lines.taxes",
    says: "a line's discount and tax are the sums of their parts",
    text: `
select tenant_id, id as subject,
  concat('discount ', (select coalesce(sum((d ->> 'amount')::numeric), 0) from jsonb_array_elements(discounts) d),
    ', tax ', (select coalesce(sum((t ->> 'amount')::numeric), 0) from jsonb_array_elements(taxes) t)) as expected,
  concat('discount ', discount, ', tax ', tax) as found
from invoice_lines where $1::text is null or tenant_id = $1`,
  },
  {
    name: "lines.once",
    says: "no subscription, price, period, group and round is billed twice",
    text: `
select min(tenant_id) as tenant_id,
  concat_ws(' ', subscription_id, coalesce(price_key, kind), to_char(period_start, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), group_key, 'round', round) as subject,
  '1' as expected, concat(count(*), case when count(*) > 1 then ': ' || string_agg(id, ', ' order by id) end) as found
from (${IDENTITIES}) lines
group by subscription_id, period_start, price_key, kind, group_key, round`,
  },
  {
    name: "lines.rounds",
    says: "the rounds of a price and period follow each other from 0",
    text: `
select min(tenant_id) as tenant_id,
  concat_ws(' ', subscription_id, coalesce(price_key, kind), to_char(period_start, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), group_key) as subject,
  concat('0 to ', count(distinct round) - 1) as expected, concat(min(round), ' to ', max(round)) as found
from (${IDENTITIES}) lines
group by subscription_id, period_start, price_key, kind, group_key`,
  },
] as const;

const BALANCES = [
  {
    name: "balances",
    says: "a tenant's balance, the sum of its entries, is not negative",
    text: `
select tenant_id, currency as subject, greatest(sum(amount), 0)::text as expected, sum(amount)::text as found
from balance_entries where $1::text is null or tenant_id = $1 group by tenant_id, currency`,
  },
  {
    name: "balances.entries",
    says: "an entry is of its invoice's, or receipt's, tenant and currency",
    text: `
select b.tenant_id, concat(b.kind, ' ', coalesce(b.invoice_id, b.receipt_id)) as subject,
  coalesce(concat_ws(' ', coalesce(i.tenant_id, r.tenant_id), coalesce(i.currency, r.currency)), 'an invoice') as expected,
  concat_ws(' ', b.tenant_id, b.currency) as found
from balance_entries b left join invoices i on i.id = b.invoice_id left join receipts r on r.id = b.receipt_id
where $1::text is null or b.tenant_id = $1`,
  },
] as const;

/**
 * All numbers, with the series that counts each (numbering.ts). Of style `month` the series is what stands before the month; its
 * counter tells it from a year's or a tenant's. A number has six digits in a series of years, where the first begins with zeros.
 */
const NUMBERED = `
select n.*, coalesce(s.series, regexp_replace(n.label, '-20[0-9]{2}(0[1-9]|1[0-2])$', ''), n.label) as series
from (
  select *, substring(number from '^(.+)-[0-9]+$') as label, substring(number from '-([0-9]+)$') as digits
  from (
    /* all tenants: a series is everybody's */
    select tenant_id, id, number, issued_at is not null as issued from invoices where processor = 'engine'
    union all
    select tenant_id, id, number, true from credit_notes
  ) papers
) n
left join invoice_series s on s.series = n.label
where $1::text is null and (n.issued or n.number is not null)`;

/** Numbers run through all tenants, so that they are right or wrong of all together. */
const OF_ALL = [
  {
    name: "numbers",
    says: "the numbers of a series, invoices' and credit notes', have no gap and none twice",
    text: `
select tenant_id, id as subject,
  case when not issued then 'none: it is not issued' when label is null then 'a number'
    else concat(label, '-', lpad((before + 1)::text, greatest(width, length((before + 1)::text)), '0')) end as expected,
  coalesce(number, 'none') as found
from (
  select *, coalesce(lag(digits::numeric) over (partition by series order by digits::numeric, id), 0) as before,
    case when bool_or(digits like '0%' and length(digits) >= 6) over (partition by series) then 6 else 3 end as width
  from (${NUMBERED}) numbered
) followed`,
  },
  {
    name: "numbers.counter",
    says: "the counter of a series stands at its last number",
    text: `
select null as tenant_id, coalesce(s.series, n.series) as subject, coalesce(n.last, 0)::text as expected, coalesce(s.last::text, 'none') as found
from invoice_series s
full join (select series, max(digits::numeric) as last from (${NUMBERED}) numbered where digits is not null group by series) n on n.series = s.series
where $1::text is null`,
  },
] as const;

export function invoiceChecks(tenantId: string | null) {
  const all = [...OF_EACH, ...OF_NOTES, ...OF_LINES, ...BALANCES, ...(tenantId === null ? OF_ALL : [])];
  return all.map((check) => ({ ...check, values: [tenantId] }));
}
