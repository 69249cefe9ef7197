/** What must hold of invoices that a tax engine outside taxed, as statements whose rows say what is expected and what is found. */

const CHECKS = [
  {
    name: "taxes.answers",
    says: "an invoice has the tax that was answered for it, and took one answer",
    text: `
select i.tenant_id, concat_ws(' ', i.number, i.id) as subject, i.tax::text as expected, string_agg(coalesce(s.tax, 0)::text, ' and ') as found
from tax_answers a join invoices i on i.id = a.invoice_id and i.tenant_id = a.tenant_id
left join lateral (select sum((t ->> 'amount')::numeric) as tax from jsonb_array_elements(a.sums) u, jsonb_array_elements(u -> 'taxes') t) s on true
where $1::text is null or i.tenant_id = $1 group by i.tenant_id, i.number, i.id, i.tax`,
  },
  {
    name: "taxes.records",
    says: "what was answered for an invoice is recorded as sold, and taken back when the invoice is void",
    text: `
select a.tenant_id, a.invoice_id as subject,
  concat('sale ', a.calculation, case when i.status = 'void' then ', void' end) as expected,
  concat('sale ', r.calculation, case when v.id is not null then ', void' end) as found
from tax_answers a join invoices i on i.id = a.invoice_id and i.tenant_id = a.tenant_id
left join tax_records r on r.invoice_id = a.invoice_id and r.tenant_id = a.tenant_id and r.kind = 'sale'
left join tax_records v on v.invoice_id = a.invoice_id and v.tenant_id = a.tenant_id and v.kind = 'reversal' and v.subject = 'void'
where a.calculation is not null and ($1::text is null or a.tenant_id = $1)`,
  },
] as const;

export function taxesChecks(tenantId: string | null) {
  return CHECKS.map((check) => ({ ...check, values: [tenantId] }));
}
