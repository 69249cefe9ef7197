/** SQL of how many subscriptions there are, on what, and in which state. */

import { formatInstant, type Instant } from "../billing/time/instant.ts";
import type { Database } from "../db/pool.ts";
import type { Scope } from "./recurring-store.ts";
import type { Stretch } from "./revenue-store.ts";

export interface StandingRow {
  plan_key: string;
  currency: string;
  status: string;
  subscriptions: number;
  seats: bigint;
  /** Of each number of seats, how many: for what they come to in a month. */
  terms: { version: number; seats: number; count: number }[];
}

/** As they stood at the instant. */
export function readStanding(db: Database, end: Instant, scope: Scope): Promise<StandingRow[]> {
  return db.query<StandingRow>(
    `/* all tenants: figures of the operator */
     with last as (
       select distinct on (subscription_id) plan_key, plan_version, currency, status, seats from subscription_states
       where at < $1 and ($2::text is null or currency = $2) and ($4::text is null or test_clock_id = $4)
       order by subscription_id, at desc, seq desc
     ), terms as (
       select plan_key, currency, status, plan_version, seats, count(*)::int as count from last where $3::text is null or plan_key = $3 group by 1, 2, 3, 4, 5
     )
     select plan_key, currency, status, sum(count)::int as subscriptions, sum(seats::bigint * count)::bigint as seats,
       json_agg(json_build_object('version', plan_version, 'seats', seats, 'count', count)) as terms
     from terms group by 1, 2, 3 order by 1, 2, 3`,
    [formatInstant(end), scope.currency, scope.plan, scope.testClockId],
  );
}

export interface FlowRow {
  /** null: before the window. */
  start: Instant | null;
  started: number;
  ended: number;
  plan_changes: number;
}

export function readFlow(db: Database, { start, end, granularity }: Stretch, scope: Scope): Promise<FlowRow[]> {
  return db.query<FlowRow>(
    `/* all tenants: figures of the operator */
     with steps as (
       select at, status, plan_key, lag(status) over w as before, lag(plan_key) over w as plan_before
       from subscription_states where at < $2 and ($4::text is null or currency = $4) and ($5::text is null or plan_key = $5) and ($6::text is null or test_clock_id = $6)
       window w as (partition by subscription_id order by at, seq)
     )
     select case when at >= $1 then date_trunc($3, at) end as start,
       count(*) filter (where before is null)::int as started,
       count(*) filter (where before not in ('canceled', 'expired') and status in ('canceled', 'expired'))::int as ended,
       count(*) filter (where plan_before <> plan_key)::int as plan_changes
     from steps group by 1 order by 1 nulls first`,
    [formatInstant(start), formatInstant(end), granularity, scope.currency, scope.plan, scope.testClockId],
  );
}
