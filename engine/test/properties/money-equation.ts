/**
 * The equation of money. For each tenant and currency, at any moment at which no payment is on its way:
 *
 *     invoiced + balance = paid + due + credited + written off
 *
 * - invoiced: the lines of issued invoices that are not void, each amount − discount + tax that it does not contain;
 * - balance: what the tenant has to its credit with us;
 * - paid: what the gateway took, less what it gave back and what is on its way back;
 * - due, written off: what invoices that are open, or uncollectible, still ask for;
 * - credited: the lines of credit notes, reckoned as those of invoices.
 *
 * The left side is what the engine has promised, the right what became of it. None of it is read from a sum that the engine made,
 * but for what an invoice asks for and the entries of the balance; money is counted by the gateway's own memory.
 */
import { expect } from "vitest";
import type { Pool } from "../../src/db/pool.ts";

interface Row {
  currency: string;
  sum: string;
}

const PARTS = {
  // What the amount contains is in it already.
  invoiced: `select l.currency, sum(l.amount - l.discount + l.tax) as sum from (
      select i.currency, l.amount, l.discount,
        (select coalesce(sum((t ->> 'amount')::numeric), 0) from jsonb_array_elements(l.taxes) t where not (t ->> 'inclusive')::boolean) as tax
      from invoice_lines l join invoices i on i.id = l.invoice_id
      where i.tenant_id = $1 and i.status in ('open', 'paid', 'uncollectible')) l group by 1`,
  balance: "select currency, sum(amount) as sum from balance_entries where tenant_id = $1 group by 1",
  taken: `select c.answer ->> 'currency' as currency, sum((c.answer ->> 'amount')::numeric) as sum
    from sandbox_charges c join payments p on p.id = c.idempotency_key
    where p.tenant_id = $1 and c.answer ->> 'status' = 'succeeded' group by 1`,
  // The sandbox remembers what it answered; how much was asked back is written beside the request.
  given: `select r.currency, sum(r.amount) as sum from refunds r left join sandbox_charges c on c.idempotency_key = r.id
    where r.tenant_id = $1 and coalesce(c.answer ->> 'status', 'succeeded') = 'succeeded' group by 1`,
  due: "select currency, sum(amount_due) as sum from invoices where tenant_id = $1 and status = 'open' group by 1",
  writtenOff: "select currency, sum(amount_due) as sum from invoices where tenant_id = $1 and status = 'uncollectible' group by 1",
  credited: `select n.currency, sum(l.amount - l.discount +
      (select coalesce(sum((t ->> 'amount')::numeric), 0) from jsonb_array_elements(l.taxes) t where not (t ->> 'inclusive')::boolean)) as sum
    from credit_note_lines l join credit_notes n on n.id = l.credit_note_id where n.tenant_id = $1 group by 1`,
} as const;

type Sums = Record<keyof typeof PARTS, bigint>;

/** What each part comes to, by currency. */
export async function moneyOf(pool: Pool, tenantId: string): Promise<Map<string, Sums>> {
  const found = new Map<string, Sums>();
  for (const [part, text] of Object.entries(PARTS) as [keyof Sums, string][]) {
    const { rows } = await pool.query<Row>(text, [tenantId]);
    for (const { currency, sum } of rows) {
      const sums = found.get(currency) ?? { invoiced: 0n, balance: 0n, taken: 0n, given: 0n, due: 0n, writtenOff: 0n, credited: 0n };
      found.set(currency, { ...sums, [part]: BigInt(sum) });
    }
  }
  return found;
}

/** Fails, with every part, where the two sides differ. Answers how many invoiced sums it looked at that are not nothing. */
export async function expectMoneyConserved(pool: Pool, tenantId: string): Promise<number> {
  let looked = 0;
  for (const [currency, sums] of await moneyOf(pool, tenantId)) {
    const { invoiced, balance, taken, given, due, writtenOff, credited } = sums;
    expect({ tenantId, currency, ...sums, all: invoiced + balance }).toEqual({
      tenantId,
      currency,
      ...sums,
      all: taken - given + due + credited + writtenOff,
    });
    if (invoiced !== 0n) looked += 1;
  }
  return looked;
}
