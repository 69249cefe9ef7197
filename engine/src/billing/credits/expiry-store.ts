/** SQL of what falls due: grants past their time or near it, holds past theirs. Found in the data, by the clock of each tenant. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import { GRANT_COLUMNS, type GrantRow } from "./store.ts";

const ON_CLOCK = "t.test_clock_id is not distinct from $3::text";

/** Whose grants expire or are near it, whose holds are over. */
export async function findDueTenants(
  db: Database,
  ask: { now: Instant; warnAt: Instant; testClockId: string | null; limit: number },
): Promise<string[]> {
  const rows = await db.query<{ tenant_id: string }>(
    `/* all tenants: the sweep works for everybody */
     select tenant_id from (
       select g.tenant_id from credit_grants_now g join tenants t on t.id = g.tenant_id
       where g.open and (g.expires_at <= $1 and g.remaining > 0 or g.expires_at <= $2 and g.expires_at > $1 and not g.warned) and ${ON_CLOCK}
       union
       select h.tenant_id from credit_holds h join tenants t on t.id = h.tenant_id
       where h.status = 'open' and h.expires_at <= $1 and ${ON_CLOCK}
     ) due limit $4`,
    [formatInstant(ask.now), formatInstant(ask.warnAt), ask.testClockId, ask.limit],
  );
  return rows.map((row) => row.tenant_id);
}

/** The earliest instant at which the sweep has something to do for tenants on a test clock; null: never. */
export async function nextExpiry(db: Database, testClockId: string, warnMs: number): Promise<Instant | null> {
  const [row] = await db.query<{ at: Instant | null }>(
    `/* all tenants: of one test clock */
     select min(at) as at from (
       select g.expires_at as at from credit_grants_now g join tenants t on t.id = g.tenant_id
       where t.test_clock_id = $1 and g.open and g.expires_at is not null and g.remaining > 0
       union all
       select g.expires_at - make_interval(secs => $2::bigint / 1000)
       from credit_grants_now g join tenants t on t.id = g.tenant_id join test_clocks c on c.id = t.test_clock_id
       where c.id = $1 and g.open and not g.warned and g.expires_at > c.now_at
       union all
       select h.expires_at from credit_holds h join tenants t on t.id = h.tenant_id where t.test_clock_id = $1 and h.status = 'open'
     ) due`,
    [testClockId, warnMs],
  );
  return row!.at;
}

/** Open grants of these tenants that expire until then. */
export async function findExpired(db: Database, tenantIds: readonly string[], until: Instant): Promise<GrantRow[]> {
  return db.query<GrantRow>(
    `select ${GRANT_COLUMNS} from credit_grants_now
     where tenant_id = any($1::text[]) and open and expires_at <= $2 order by tenant_id, expires_at, id collate "C"`,
    [tenantIds, formatInstant(until)],
  );
}

export async function markWarned(tx: Tx, grants: readonly Pick<GrantRow, "id" | "tenant_id">[]): Promise<void> {
  if (grants.length === 0) return;
  await tx.query("update credit_grants set warned = true where tenant_id = any($1::text[]) and id = any($2::text[])", [
    grants.map((grant) => grant.tenant_id),
    grants.map((grant) => grant.id),
  ]);
}
