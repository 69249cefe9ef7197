/** SQL of recurring revenue: the states that subscriptions went through, and what each step moved. */

import { formatInstant, type Instant } from "../billing/time/instant.ts";
import type { Database } from "../db/pool.ts";
import type { Worths } from "./monthly.ts";
import type { Window } from "./window.ts";

export interface Scope {
  /** null: all of them. */
  currency: string | null;
  plan: string | null;
  testClockId: string | null;
}

export interface Terms {
  plan_key: string;
  plan_version: number;
  currency: string;
  seats: number;
}

/** The different terms that anybody was on. */
export function readTerms(db: Database, end: Instant, scope: Scope): Promise<Terms[]> {
  return db.query<Terms>(
    `/* all tenants: figures of the operator */ select distinct plan_key, plan_version, currency, seats from subscription_states
     where at < $1 and ($2::text is null or currency = $2) and ($3::text is null or plan_key = $3) and ($4::text is null or test_clock_id = $4)`,
    [formatInstant(end), scope.currency, scope.plan, scope.testClockId],
  );
}

export interface MovementRow {
  currency: string;
  /** Of the period; null: all that was before the window. */
  start: Instant | null;
  new: bigint;
  expansion: bigint;
  contraction: bigint;
  churn: bigint;
  reactivation: bigint;
  new_customers: number;
  churned_customers: number;
  reactivated_customers: number;
}

/**
 * What happens to a tenant at one instant is one movement: from nothing it is new, or a reactivation of who has paid before; to nothing
 * it is churn; else expansion or contraction. So the movements of days add up to those of their month.
 */
export function readMovements(db: Database, window: Pick<Window, "periods" | "end">, scope: Scope, worths: Worths): Promise<MovementRow[]> {
  return db.query<MovementRow>(
    `/* all tenants: figures of the operator */
     with worth as (
       select * from unnest($1::text[], $2::int[], $3::text[], $4::int[], $5::bigint[]) as w (plan_key, plan_version, currency, seats, monthly)
     ), steps as (
       select s.subscription_id, s.tenant_id, s.currency, s.at, s.seq,
         case when s.status in ('active', 'past_due') then coalesce(w.monthly, 0) else 0 end as monthly
       from subscription_states s left join worth w using (plan_key, plan_version, currency, seats)
       where s.at < $7 and ($8::text is null or s.currency = $8) and ($9::text is null or s.test_clock_id = $9)
     ), changes as (
       select tenant_id, currency, at, monthly - coalesce(lag(monthly) over (partition by subscription_id order by at, seq), 0) as change from steps
     ), moves as (
       select tenant_id, currency, at, sum(change)::bigint as change from changes group by 1, 2, 3 having sum(change) <> 0
     ), runs as (
       select *, sum(change) over w as after, sum(change) over w - change as before from moves window w as (partition by tenant_id, currency order by at)
     ), kinds as (
       select currency, ($6::timestamptz[])[width_bucket(at, $6::timestamptz[])] as start, change,
         case
           when before = 0 and coalesce(max(after) over (partition by tenant_id, currency order by at rows between unbounded preceding and 1 preceding), 0) = 0 then 'new'
           when before = 0 then 'reactivation'
           when after = 0 then 'churn'
           when change > 0 then 'expansion'
           else 'contraction'
         end as kind
       from runs
     )
     select currency, start,
       coalesce(sum(change) filter (where kind = 'new'), 0)::bigint as new,
       coalesce(sum(change) filter (where kind = 'expansion'), 0)::bigint as expansion,
       coalesce(-sum(change) filter (where kind = 'contraction'), 0)::bigint as contraction,
       coalesce(-sum(change) filter (where kind = 'churn'), 0)::bigint as churn,
       coalesce(sum(change) filter (where kind = 'reactivation'), 0)::bigint as reactivation,
       count(*) filter (where kind = 'new')::int as new_customers,
       count(*) filter (where kind = 'churn')::int as churned_customers,
       count(*) filter (where kind = 'reactivation')::int as reactivated_customers
     from kinds group by 1, 2 order by 1, 2 nulls first`,
    [
      worths.plans,
      worths.versions,
      worths.currencies,
      worths.seats,
      worths.monthly,
      window.periods.map(({ start }) => formatInstant(start)),
      formatInstant(window.end),
      scope.currency,
      scope.testClockId,
    ],
  );
}
