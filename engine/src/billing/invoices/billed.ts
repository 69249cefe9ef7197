/** What was billed before, by subscription, price, period and group: what cumulative rating subtracts. */
import type { Database } from "../../db/pool.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { Period } from "../time/period.ts";
import type { LineKind } from "./invoice.ts";

export interface BilledLine {
  kind: LineKind;
  planKey: string;
  planVersion: number;
  priceKey: string | null;
  groupKey: string | null;
  period: Period;
  /** Minor units over all rounds that stand; a voided invoice's lines count nothing. */
  amount: bigint;
  /** Rounds used, voided ones included: the next line takes this number. */
  rounds: number;
}

interface Row {
  subscription_id: string;
  kind: LineKind;
  plan_key: string;
  plan_version: number;
  price_key: string | null;
  group_key: string | null;
  period_start: Instant;
  period_end: Instant;
  amount: string;
  rounds: number;
}

export async function readBilledLines(
  db: Database,
  asks: readonly { subscriptionId: string; tenantId: string; since: Instant }[],
): Promise<Map<string, BilledLine[]>> {
  const found = new Map<string, BilledLine[]>();
  if (asks.length === 0) return found;
  const rows = await db.query<Row>(
    `select l.*
     from unnest($1::text[], $2::text[], $3::timestamptz[]) as ask (subscription_id, tenant_id, since)
     cross join lateral (
       -- The fence keeps one index look-up an ask, whatever the planner thinks of a table that grew since it was last analysed.
       select l.subscription_id, l.kind, l.plan_key, l.plan_version, l.price_key, l.group_key, l.period_start, l.period_end,
              coalesce(sum(l.amount) filter (where i.status <> 'void'), 0)::text as amount, max(l.round) + 1 as rounds
       from invoice_lines l join invoices i on i.id = l.invoice_id
       where l.subscription_id = ask.subscription_id and l.tenant_id = ask.tenant_id and l.period_start >= ask.since
         and l.kind in ('flat', 'seat', 'usage', 'commitment')
       group by 1, 2, 3, 4, 5, 6, 7, 8
       offset 0
     ) l`,
    [asks.map((ask) => ask.subscriptionId), asks.map((ask) => ask.tenantId), asks.map((ask) => formatInstant(ask.since))],
  );
  for (const row of rows) {
    const line: BilledLine = {
      kind: row.kind,
      planKey: row.plan_key,
      planVersion: row.plan_version,
      priceKey: row.price_key,
      groupKey: row.group_key,
      period: { start: row.period_start, end: row.period_end },
      amount: BigInt(row.amount),
      rounds: row.rounds,
    };
    const list = found.get(row.subscription_id);
    if (list) list.push(line);
    else found.set(row.subscription_id, [line]);
  }
  return found;
}
