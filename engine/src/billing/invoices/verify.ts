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
  case when amount_due = 0 then 'paid' when status = 'paid' then 'open' else status end as expected,
  case when (status = 'paid') = (paid_at is not null) then status when paid_at is null then 'paid at no time' else status || ', with a paid_at' end as found
from invoices where status in ('open', 'paid', 'uncollectible') and ($1::text is null or tenant_id = $1)`,
  },
  {
    name: "invoices.payments",
    says: "payments that succeeded are what was paid, and overpaid",
    text: `
select i.tenant_id, concat_ws(' ', i.number, i.id) as subject, coalesce(p.received, 0)::text as expected, (i.amount_paid + coalesce(b.over, 0))::text as found
from invoices i
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
  concat('took ', i.balance_applied, ', left ', greatest(-i.total, 0)) as expected,
  concat('took ', coalesce(-b.applied, 0), ', left ', coalesce(b.credited, 0)) as found
from invoices i
left join (select invoice_id, sum(amount) filter (where kind = 'applied') as applied, sum(amount) filter (where kind = 'credited') as credited
           from balance_entries where $1::text is null or tenant_id = $1 group by invoice_id) b on b.invoice_id = i.id
where i.issued_at is not null and ($1::text is null or i.tenant_id = $1)`,
  },
  {
    name: "invoices.periods",
    says: "a subscription's period has one invoice of each reason",
    text: `
select min(tenant_id) as tenant_id, concat_ws(' ', subscription_id, reason, to_char(period_start, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) as subject,
  '1' as expected, concat(count(*), case when count(*) > 1 then ': ' || string_agg(id, ', ' order by id) end) as found
from invoices
where subscription_id is not null and status <> 'void' and reason in ('start', 'period', 'advance') and ($1::text is null or tenant_id = $1)
group by subscription_id, period_start, reason`,
  },
  {
    name: "invoices.credits",
    says: "what was credited, offset and refunded is in its notes",
    text: `
select i.tenant_id, concat_ws(' ', i.number, i.id) as subject,
  concat('credited ', coalesce(n.total, 0), ', offset ', coalesce(n.offset_due, 0), ', refunded ', coalesce(r.sum, 0)) as expected,
  concat('credited ', i.credited, ', offset ', i.amount_offset, ', refunded ', i.refunded) as found
from invoices i
left join (select invoice_id, sum(total) as total, sum(offset_due) as offset_due
           from credit_notes where $1::text is null or tenant_id = $1 group by invoice_id) n on n.invoice_id = i.id
left join (select invoice_id, sum(amount) as sum from refunds
           where status <> 'failed' and ($1::text is null or tenant_id = $1) group by invoice_id) r on r.invoice_id = i.id
where $1::text is null or i.tenant_id = $1`,
  },
  {
    name: "invoices.discounts",
    says: "a discount is the sum of its lines' and of its uses",
    text: `
select i.tenant_id, concat_ws(' ', i.number, i.id) as subject, concat('lines ', i.discount, ', uses ', i.discount) as expected,
  concat('lines ', coalesce(l.sum, 0), ', uses ', coalesce(u.sum, 0)) as found
from invoices i
left join (select invoice_id, sum(discount) as sum from invoice_lines where $1::text is null or tenant_id = $1 group by invoice_id) l on l.invoice_id = i.id
left join (select invoice_id, sum(amount) as sum from discount_uses where $1::text is null or tenant_id = $1 group by invoice_id) u on u.invoice_id = i.id
where i.issued_at is not null and ($1::text is null or i.tenant_id = $1)`,
  },
] as const;

const OF_LINES = [
  {
    name: "lines.invoice",
    says: "a line is of an invoice of its tenant and subscription",
    text: `
select l.tenant_id, l.id as subject, coalesce(concat_ws(' ', i.tenant_id, i.subscription_id), 'an invoice') as expected,
  case when i.id is null then 'no ' || l.invoice_id else concat_ws(' ', l.tenant_id, l.subscription_id) end as found
from invoice_lines l left join invoices i on i.id = l.invoice_id
where $1::text is null or l.tenant_id = $1`,
  },
  {
    name: "lines.amount",
    says: "an amount is its exact one, rounded, less what was billed",
    // round() of numeric is half away from zero, as money is.
    text: `
select tenant_id, id as subject, (round((explain ->> 'exact')::numeric) - coalesce((explain ->> 'billed_before')::numeric, 0))::text as expected, amount::text as found
from invoice_lines
where kind in ('flat', 'seat', 'usage', 'commitment') and explain ->> 'exact' is not null and ($1::text is null or tenant_id = $1)`,
  },
  {
    name: "lines.once",
    says: "no subscription, price, period, group and round is billed twice",
    text: `
select min(tenant_id) as tenant_id,
  concat_ws(' ', subscription_id, coalesce(price_key, kind), to_char(period_start, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), group_key, 'round', round) as subject,
  '1' as expected, concat(count(*), case when count(*) > 1 then ': ' || string_agg(id, ', ' order by id) end) as found
from invoice_lines
where subscription_id is not null and kind in ('flat', 'seat', 'usage', 'commitment') and ($1::text is null or tenant_id = $1)
group by subscription_id, period_start, price_key, kind, group_key, round`,
  },
  {
    name: "lines.rounds",
    says: "the rounds of a price and period follow each other from 0",
    text: `
select min(tenant_id) as tenant_id,
  concat_ws(' ', subscription_id, coalesce(price_key, kind), to_char(period_start, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), group_key) as subject,
  concat('0 to ', count(distinct round) - 1) as expected, concat(min(round), ' to ', max(round)) as found
from invoice_lines
where subscription_id is not null and kind in ('flat', 'seat', 'usage', 'commitment') and ($1::text is null or tenant_id = $1)
group by subscription_id, period_start, price_key, kind, group_key`,
  },
] as const;

const BALANCES = {
  name: "balances",
  says: "a tenant's balance, the sum of its entries, is not negative",
  text: `
select tenant_id, currency as subject, greatest(sum(amount), 0)::text as expected, sum(amount)::text as found
from balance_entries where $1::text is null or tenant_id = $1 group by tenant_id, currency`,
} as const;

// Where the month stands in the number, the series is what is before it: its counter tells.
const NUMBERED = `
    /* all tenants: a series is everybody's */
    select tenant_id, id, number, substring(number from '-([0-9]+)$') as digits,
      coalesce((select s.series from invoice_series s where s.series = substring(number from '^(.+)-[0-9]{6}-[0-9]+$')),
               substring(number from '^(.+)-[0-9]+$')) as series
    from (select tenant_id, id, number from invoices where issued_at is not null
          union all select tenant_id, id, number from credit_notes) issued`;

/** Numbers run through all tenants, so that they are right or wrong of all together. */
const OF_ALL = [
  {
    name: "numbers",
    says: "the numbers of a series have no gap and none twice",
    text: `
select tenant_id, id as subject,
  case when series is null then 'a number'
       else regexp_replace(number, '[0-9]+$', lpad((before + 1)::text, greatest(length(digits), length((before + 1)::text)), '0')) end as expected,
  coalesce(number, 'none') as found
from (select *, coalesce(lag(digits::numeric) over (partition by series order by digits::numeric, id), 0) as before
      from (${NUMBERED}) numbered where $1::text is null) followed`,
  },
  {
    name: "numbers.counter",
    says: "the counter of a series stands at its last number",
    text: `
/* all tenants: a series is everybody's */
select null as tenant_id, coalesce(s.series, n.series) as subject, coalesce(n.last, 0)::text as expected, coalesce(s.last::text, 'none') as found
from invoice_series s
full join (select series, max(digits::numeric) as last from (${NUMBERED}) numbered where series is not null group by 1) n on n.series = s.series
where $1::text is null`,
  },
] as const;

export function invoiceChecks(tenantId: string | null) {
  const all = [...OF_EACH, ...OF_LINES, BALANCES, ...(tenantId === null ? OF_ALL : [])];
  return all.map((check) => ({ ...check, values: [tenantId] }));
}
