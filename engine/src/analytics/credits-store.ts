/** SQL of credits: what the ledger gave out, what was spent, what ran out. */

import { formatInstant, type Instant } from "../billing/time/instant.ts";
import type { Database } from "../db/pool.ts";
import type { Stretch } from "./revenue-store.ts";

export interface CreditRow {
  /** null: before the window. */
  start: Instant | null;
  granted: string;
  consumed: string;
  expired: string;
  taken_back: string;
  /** What all of it left in the wallets, held credits too. */
  change: string;
}

/** Gifts move credits between wallets: what goes out of one comes into another, and counts neither as granted nor as spent. */
export function readCredits(db: Database, { start, end, granularity }: Stretch, testClockId: string | null): Promise<CreditRow[]> {
  return db.query<CreditRow>(
    `/* all tenants: figures of the operator */
     select case when t.at >= $1 then date_trunc($3, t.at) end as start,
       coalesce(sum(t.amount) filter (where t.type = 'granted'), 0)::text as granted,
       coalesce(sum(case when t.to_account = 'consumed' then t.amount when t.from_account = 'consumed' then -t.amount end), 0)::text as consumed,
       coalesce(sum(case when t.to_account = 'expired' then t.amount when t.from_account = 'expired' then -t.amount end), 0)::text as expired,
       coalesce(sum(t.amount) filter (where t.type = 'refunded'), 0)::text as taken_back,
       coalesce(sum(case when t.to_account in ('available', 'held') then t.amount else 0 end
         - case when t.from_account in ('available', 'held') then t.amount else 0 end), 0)::text as change
     from credit_transfers t
     where t.at < $2 and t.amount > 0 and ($4::text is null or t.tenant_id in (select id from tenants where test_clock_id = $4))
     group by 1 order by 1 nulls first`,
    [formatInstant(start), formatInstant(end), granularity, testClockId],
  );
}

export interface SourceRow {
  source: string;
  granted: string;
  remaining: string;
}

/** What is left now of what was granted, by where it came from. */
export function readSources(db: Database, testClockId: string | null): Promise<SourceRow[]> {
  return db.query<SourceRow>(
    `/* all tenants: figures of the operator */
     select source, sum(amount)::text as granted, sum(remaining + held)::text as remaining from credit_grants_now
     where $1::text is null or tenant_id in (select id from tenants where test_clock_id = $1) group by 1 order by 1`,
    [testClockId],
  );
}

export interface SpenderRow {
  tenant_id: string;
  consumed: string;
}

export function readSpenders(db: Database, window: { start: Instant; end: Instant }, testClockId: string | null): Promise<SpenderRow[]> {
  return db.query<SpenderRow>(
    `/* all tenants: figures of the operator */
     select tenant_id, sum(amount)::text as consumed from credit_transfers
     where at >= $1 and at < $2 and to_account = 'consumed' and ($3::text is null or tenant_id in (select id from tenants where test_clock_id = $3))
     group by 1 order by sum(amount) desc, 1 limit 10`,
    [formatInstant(window.start), formatInstant(window.end), testClockId],
  );
}
