/** SQL of what was invoiced and what came in. */

import { formatInstant, type Instant } from "../billing/time/instant.ts";
import type { Database } from "../db/pool.ts";
import type { Granularity } from "./window.ts";

export interface Stretch {
  start: Instant;
  end: Instant;
  granularity: Granularity;
}

export interface MoneyScope {
  currency: string | null;
  testClockId: string | null;
}

export interface MoneyRow {
  currency: string;
  start: Instant;
  invoices: number;
  invoiced: bigint;
  invoiced_net: bigint;
  tax: bigint;
  credit_notes: number;
  credited: bigint;
  collected: bigint;
  refunded: bigint;
}

export function readMoney(db: Database, { start, end, granularity }: Stretch, scope: MoneyScope): Promise<MoneyRow[]> {
  return db.query<MoneyRow>(
    `/* all tenants: figures of the operator */
     with moved as (
       select currency, issued_at as at, 1 as invoices, total as invoiced, total - tax as invoiced_net, tax, 0 as credit_notes, 0::bigint as credited,
         0::bigint as collected, 0::bigint as refunded
       from invoices where issued_at >= $1 and issued_at < $2 and status not in ('draft', 'void') and ($5::text is null or test_clock_id = $5)
       union all
       select n.currency, n.created_at, 0, 0, 0, 0, 1, n.total, 0, 0 from credit_notes n join invoices i on i.id = n.invoice_id
       where n.created_at >= $1 and n.created_at < $2 and ($5::text is null or i.test_clock_id = $5)
       union all
       select currency, settled_at, 0, 0, 0, 0, 0, 0, amount_received, 0 from payments
       where settled_at >= $1 and settled_at < $2 and status = 'succeeded' and ($5::text is null or test_clock_id = $5)
       union all
       select currency, settled_at, 0, 0, 0, 0, 0, 0, 0, amount from refunds
       where settled_at >= $1 and settled_at < $2 and status = 'succeeded' and ($5::text is null or test_clock_id = $5)
     )
     select currency, date_trunc($3, at) as start, sum(invoices)::int as invoices, sum(invoiced)::bigint as invoiced, sum(invoiced_net)::bigint as invoiced_net,
       sum(tax)::bigint as tax, sum(credit_notes)::int as credit_notes, sum(credited)::bigint as credited, sum(collected)::bigint as collected,
       sum(refunded)::bigint as refunded
     from moved where $4::text is null or currency = $4 group by 1, 2 order by 1, 2`,
    [formatInstant(start), formatInstant(end), granularity, scope.currency, scope.testClockId],
  );
}

export interface TrialRow {
  start: Instant;
  ended: number;
  converted: number;
}

/** Of trials that ended in the window: whether what came next pays. One that was canceled within itself did not. */
export function readTrials(
  db: Database,
  { start, end, granularity }: Stretch,
  scope: { plan: string | null; currency: string | null; testClockId: string | null },
): Promise<TrialRow[]> {
  return db.query<TrialRow>(
    `/* all tenants: figures of the operator */
     with steps as (
       select status, at, plan_key, lag(status) over w as before, lag(plan_key) over w as plan_before
       from subscription_states where at < $2 and ($5::text is null or currency = $5) and ($6::text is null or test_clock_id = $6)
       window w as (partition by subscription_id order by at, seq)
     )
     select date_trunc($3, at) as start, count(*)::int as ended, count(*) filter (where status in ('active', 'past_due'))::int as converted
     from steps where before = 'trialing' and status <> 'trialing' and at >= $1 and ($4::text is null or plan_before = $4) group by 1 order by 1`,
    [formatInstant(start), formatInstant(end), granularity, scope.plan, scope.currency, scope.testClockId],
  );
}
