/** What a simulated year left in the books: the money of each month, and what became of it. Reads only. */
import { type Amount, amount, NOTHING, plus } from "../../billing/money/amount.ts";
import type { Instant } from "../../billing/time/instant.ts";
import { formatInstant } from "../../billing/time/instant.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { inCents } from "./recurring.ts";

/** A month's invoices and money, in cents over all currencies. */
export interface MonthlyMoney {
  invoices: number;
  invoiced: Amount;
  collected: Amount;
  failed: number;
  /** Invoices of which a payment had failed, and that were paid in this month. */
  recovered: number;
  creditNotes: number;
  credited: Amount;
  refunded: Amount;
}

interface Sum {
  currency: string;
  count: number;
  sum: string;
}

export async function readMoney(ctx: Context, clockId: string, from: Instant, to: Instant): Promise<MonthlyMoney> {
  const db = onPool(ctx.pool);
  const ask = (text: string) => db.query<Sum>(text, [clockId, formatInstant(from), formatInstant(to)]);
  const issued = await ask(
    `/* all tenants: of one test clock */ select currency, count(*)::int as count, coalesce(sum(total), 0)::text as sum from invoices
     where test_clock_id = $1 and status <> 'void' and issued_at >= $2 and issued_at < $3 group by currency`,
  );
  const received = await ask(
    `/* all tenants: of one test clock */ select currency, count(*)::int as count, sum(amount_received)::text as sum from payments
     where test_clock_id = $1 and status = 'succeeded' and settled_at >= $2 and settled_at < $3 group by currency`,
  );
  const failed = await ask(
    `/* all tenants: of one test clock */ select currency, count(*)::int as count, sum(amount)::text as sum from payments
     where test_clock_id = $1 and status = 'failed' and settled_at >= $2 and settled_at < $3 group by currency`,
  );
  const recovered = await ask(
    `/* all tenants: of one test clock */ select currency, count(*)::int as count, sum(amount_paid)::text as sum from invoices
     where test_clock_id = $1 and status = 'paid' and amount_paid > 0 and failed_at is not null and paid_at >= $2 and paid_at < $3 group by currency`,
  );
  const notes = await ask(
    `/* all tenants: of one test clock */ select n.currency, count(*)::int as count, sum(n.total)::text as sum from credit_notes n
     join invoices i on i.id = n.invoice_id where i.test_clock_id = $1 and n.created_at >= $2 and n.created_at < $3 group by n.currency`,
  );
  const refunded = await ask(
    `/* all tenants: of one test clock */ select currency, count(*)::int as count, sum(amount)::text as sum from refunds
     where test_clock_id = $1 and status = 'succeeded' and settled_at >= $2 and settled_at < $3 group by currency`,
  );
  return {
    invoices: counted(issued),
    invoiced: summed(issued),
    collected: summed(received),
    failed: counted(failed),
    recovered: counted(recovered),
    creditNotes: counted(notes),
    credited: summed(notes),
    refunded: summed(refunded),
  };
}

const counted = (rows: readonly Sum[]) => rows.reduce((total, row) => total + row.count, 0);
const summed = (rows: readonly Sum[]) => rows.map((row) => inCents(amount(row.sum), row.currency)).reduce(plus, NOTHING);

/** How the year ended in one currency, in its minor units: invoiced = paid + due + credited off it + from the balance + written off. */
export interface CurrencySum {
  currency: string;
  invoices: number;
  invoiced: string;
  paid: string;
  from_balance: string;
  credited_off: string;
  due: string;
  written_off: string;
  refunded: string;
  balance: string;
}

export async function readCurrencies(ctx: Context, clockId: string): Promise<CurrencySum[]> {
  return onPool(ctx.pool).query<CurrencySum>(
    `/* all tenants: of one test clock */
     select currency, count(*)::int as invoices, sum(greatest(total, 0))::text as invoiced, sum(amount_paid)::text as paid, sum(balance_applied)::text as from_balance,
       sum(amount_offset)::text as credited_off, coalesce(sum(amount_due) filter (where status = 'open'), 0)::text as due,
       coalesce(sum(amount_due) filter (where status = 'uncollectible'), 0)::text as written_off, sum(refunded)::text as refunded,
       coalesce((select sum(b.amount) from balance_entries b join invoices o on o.id = b.invoice_id where o.test_clock_id = $1 and b.currency = i.currency), 0)::text as balance
     from invoices i where test_clock_id = $1 and status not in ('void', 'draft') group by currency order by currency`,
    [clockId],
  );
}
