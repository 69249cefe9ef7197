/** SQL of how collecting goes: attempts, why they fail, what is recovered, what is overdue. */

import { formatInstant, type Instant } from "../billing/time/instant.ts";
import type { Database } from "../db/pool.ts";
import type { MoneyScope, Stretch } from "./revenue-store.ts";

export interface AttemptRow {
  currency: string;
  start: Instant;
  succeeded: number;
  failed: number;
  amount_succeeded: bigint;
  amount_failed: bigint;
}

export function readAttempts(db: Database, { start, end, granularity }: Stretch, scope: MoneyScope): Promise<AttemptRow[]> {
  return db.query<AttemptRow>(
    `/* all tenants: figures of the operator */
     select currency, date_trunc($3, settled_at) as start, count(*) filter (where status = 'succeeded')::int as succeeded,
       count(*) filter (where status = 'failed')::int as failed, coalesce(sum(amount_received) filter (where status = 'succeeded'), 0)::bigint as amount_succeeded,
       coalesce(sum(amount) filter (where status = 'failed'), 0)::bigint as amount_failed
     from payments where settled_at >= $1 and settled_at < $2 and status in ('succeeded', 'failed')
       and ($4::text is null or currency = $4) and ($5::text is null or test_clock_id = $5)
     group by 1, 2 order by 1, 2`,
    [formatInstant(start), formatInstant(end), granularity, scope.currency, scope.testClockId],
  );
}

export interface FailureRow {
  currency: string;
  gateway: string;
  code: string | null;
  count: number;
  amount: bigint;
}

export function readFailures(db: Database, { start, end }: Stretch, scope: MoneyScope): Promise<FailureRow[]> {
  return db.query<FailureRow>(
    `/* all tenants: figures of the operator */
     select currency, gateway, code, count(*)::int as count, sum(amount)::bigint as amount from payments
     where settled_at >= $1 and settled_at < $2 and status = 'failed' and ($3::text is null or currency = $3) and ($4::text is null or test_clock_id = $4)
     group by 1, 2, 3 order by 1, count(*) desc, 2, 3 limit 200`,
    [formatInstant(start), formatInstant(end), scope.currency, scope.testClockId],
  );
}

export interface RecoveryRow {
  currency: string;
  start: Instant;
  failed: number;
  recovered: number;
  amount_failed: bigint;
  amount_recovered: bigint;
}

/** Of invoices whose payment failed first in that period, those that are paid by now. What is still tried counts as not recovered yet. */
export function readRecoveries(db: Database, { start, end, granularity }: Stretch, scope: MoneyScope): Promise<RecoveryRow[]> {
  return db.query<RecoveryRow>(
    `/* all tenants: figures of the operator */
     select currency, date_trunc($3, failed_at) as start, count(*)::int as failed, count(*) filter (where status = 'paid')::int as recovered,
       sum(total)::bigint as amount_failed, coalesce(sum(amount_paid) filter (where status = 'paid'), 0)::bigint as amount_recovered
     from invoices where failed_at >= $1 and failed_at < $2 and status <> 'void' and ($4::text is null or currency = $4) and ($5::text is null or test_clock_id = $5)
     group by 1, 2 order by 1, 2`,
    [formatInstant(start), formatInstant(end), granularity, scope.currency, scope.testClockId],
  );
}

export interface AgingRow {
  currency: string;
  bucket: string;
  invoices: number;
  amount: bigint;
}

/** What is owed now, by how long it is overdue at the instant. */
export function readAging(db: Database, at: Instant, scope: MoneyScope): Promise<AgingRow[]> {
  return db.query<AgingRow>(
    `/* all tenants: figures of the operator */
     with owed as (
       select currency, amount_due, coalesce(c.now_at, $1::timestamptz) - coalesce(i.due_at, i.issued_at) as late
       from invoices i left join test_clocks c on c.id = i.test_clock_id
       where i.status = 'open' and i.amount_due > 0 and ($2::text is null or i.currency = $2) and ($3::text is null or i.test_clock_id = $3)
     )
     select currency, case when late <= interval '0' then 'not_due' when late <= interval '30 days' then '1_30' when late <= interval '60 days' then '31_60'
         when late <= interval '90 days' then '61_90' else 'over_90' end as bucket,
       count(*)::int as invoices, sum(amount_due)::bigint as amount
     from owed group by 1, 2 order by 1, 2`,
    [formatInstant(at), scope.currency, scope.testClockId],
  );
}
