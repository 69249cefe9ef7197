/**
 * Many subscriptions whose month is over at one instant, in an engine of their own: the catalog by the API, the mass by SQL,
 * for how they came to be is not what is measured.
 */
import { onPool } from "../engine/src/db/pool.ts";
import { type Billwright, createBillwright } from "../engine/src/engine.ts";

export const NOW = Date.parse("2026-02-01T00:00:00Z");
const API_KEY = "bench_key_of_what_is_due";

export function openEngine(database: string): Promise<Billwright> {
  return createBillwright({ database, worker: false, config: { logLevel: "error", apiKey: API_KEY } });
}

/** Each meter counts the events of its name. */
export async function putCatalog({ app }: Billwright, meters: readonly string[], plans: readonly unknown[]): Promise<void> {
  const answer = await app.inject({
    method: "PUT",
    url: "/v1/catalog",
    headers: { authorization: `Bearer ${API_KEY}` },
    payload: { meters: meters.map((key) => ({ key, event: `event_${key}`, aggregation: "sum" })), plans },
  });
  if (answer.statusCode !== 200) throw new Error(answer.body);
}

/** Tenants t1 to t`count`, each with a subscription to the plan `bench` whose month ends at NOW; each meter was used in ten hours of it. */
export async function addDue({ ctx }: Billwright, count: number, seats = 1): Promise<void> {
  const db = onPool(ctx.pool);
  await db.query(
    `/* all tenants: set-up */ insert into tenants (id, currency, created_at, updated_at)
     select 't' || n, 'usd', '2026-01-01', '2026-01-01' from generate_series(1, $1::int) n`,
    [count],
  );
  await db.query(
    `/* all tenants: set-up */
     insert into subscriptions (id, tenant_id, plan_key, plan_version, status, currency, seats, processor, gateway, collection, interval_unit, interval_count,
       time_zone, anchor_at, cycle_start, started_at, current_period_start, current_period_end, closed_until, due_at, created_at, updated_at)
     select 'sub_' || lpad(n::text, 26, '0'), 't' || n, 'bench', 1, 'active', 'usd', $2, 'engine', 'sandbox', 'charge_automatically', 'month', 1,
       'UTC', '2026-01-01', '2026-01-01', '2026-01-01', '2026-01-01', '2026-02-01', '2026-01-01', '2026-02-01', '2026-01-01', '2026-01-01'
     from generate_series(1, $1::int) n`,
    [count, seats],
  );
  await db.query(
    `/* all tenants: set-up */
     insert into usage_rollups (tenant_no, meter_no, hour, group_key, n, total)
     select t.no, m.no, extract(epoch from '2026-01-01'::timestamptz)::int / 3600 + h * 70, '', 5, (t.no % 977) * 3 + h
     from tenants t, catalog_items m, generate_series(0, 9) h where m.kind = 'meter'`,
  );
}
