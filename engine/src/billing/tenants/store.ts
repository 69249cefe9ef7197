/** SQL of tenants. */
import type { Database } from "../../db/pool.ts";
import { toJson } from "../../http/json.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { TenantRef } from "./cache.ts";
import type { Address, TenantFields } from "./tenant.ts";

export interface TenantRow extends TenantFields {
  id: string;
  no: number;
  created_at: Instant;
  updated_at: Instant;
  subscribed_at: Instant | null;
  erased_at: Instant | null;
}

const COLUMNS =
  "id, no, name, email, billing_email, currency, time_zone, address, tax_id, tax_exempt, provider_sync, metadata, test_clock_id as test_clock, created_at, updated_at, subscribed_at, erased_at";

export async function findTenant(db: Database, id: string): Promise<TenantRow | null> {
  const rows = await db.query<TenantRow>(`select ${COLUMNS} from tenants where id = $1 /* tenant_id */`, [id]);
  return rows[0] ?? null;
}

export async function lockTenant(db: Database, id: string): Promise<TenantRow | null> {
  const rows = await db.query<TenantRow>(`select ${COLUMNS} from tenants where id = $1 /* tenant_id */ for update`, [id]);
  return rows[0] ?? null;
}

/** Newest first, after a position of the list; `only` for a principal that is confined to one tenant. */
export async function listTenants(
  db: Database,
  ask: { after: { createdAt: string; id: string } | null; limit: number; only: string | null; words: string | null },
): Promise<TenantRow[]> {
  return db.query<TenantRow>(
    `/* all tenants, or the one that may be seen */ select ${COLUMNS} from tenants
     where ($1::timestamptz is null or (created_at, id) < ($1::timestamptz, $2)) and ($3::text is null or id = $3)
       and ($5::text is null or strpos(lower(concat_ws(chr(10), id, name, email, billing_email)), lower($5)) > 0)
     order by created_at desc, id desc limit $4`,
    [ask.after?.createdAt ?? null, ask.after?.id ?? null, ask.only, ask.limit, ask.words],
  );
}

const FIELDS = [
  "name",
  "email",
  "billing_email",
  "currency",
  "time_zone",
  "address",
  "tax_id",
  "tax_exempt",
  "provider_sync",
  "metadata",
  "test_clock_id",
] as const;

/** null: somebody else made it in the meantime. */
export async function insertTenant(db: Database, id: string, fields: TenantFields, now: Instant): Promise<TenantRow | null> {
  const rows = await db.query<TenantRow>(
    `insert into tenants (id, ${FIELDS.join(", ")}, created_at, updated_at) values ($1 /* tenant_id */, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
     on conflict (id) do nothing returning ${COLUMNS}`,
    [id, ...valuesOf(fields), formatInstant(now)],
  );
  return rows[0] ?? null;
}

export async function updateTenant(db: Database, id: string, fields: TenantFields, now: Instant): Promise<TenantRow> {
  const rows = await db.query<TenantRow>(
    `update tenants set (${FIELDS.join(", ")}, updated_at) = ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13), erased_at = null
     where id = $1 /* tenant_id */ returning ${COLUMNS}`,
    [id, ...valuesOf(fields), formatInstant(now)],
  );
  return rows[0]!;
}

/** Personal data goes, the row that the books refer to stays. */
export async function eraseTenant(db: Database, id: string, now: Instant): Promise<TenantRow> {
  const rows = await db.query<TenantRow>(
    `update tenants set name = null, email = null, billing_email = null, address = null, tax_id = null, metadata = '{}', updated_at = $2, erased_at = $2
     where id = $1 /* tenant_id */ returning ${COLUMNS}`,
    [id, formatInstant(now)],
  );
  return rows[0]!;
}

/** Who an invoice is made out to. */
export interface BillTo {
  id: string;
  /** Its short name, which numbers of its own series carry. */
  no: number;
  name: string | null;
  email: string | null;
  address: Address | null;
  tax_id: string | null;
  tax_exempt: boolean;
}

export async function findBillTo(db: Database, ids: readonly string[]): Promise<BillTo[]> {
  return db.query<BillTo>(
    `select id, no, name, coalesce(billing_email, email) as email, address, tax_id, tax_exempt from tenants where id = any($1::text[]) /* tenant_id */`,
    [ids],
  );
}

/** Where a test clock stands; null: there is no such clock. */
export async function readClock(db: Database, testClockId: string): Promise<Instant | null> {
  const rows = await db.query<{ now_at: Instant }>("select now_at from test_clocks where id = $1 /* no tenant */", [testClockId]);
  return rows[0]?.now_at ?? null;
}

/** The first subscription fixes currency and clock. */
export async function markSubscribed(db: Database, id: string, at: Instant): Promise<void> {
  await db.query("update tenants set subscribed_at = $2 where id = $1 /* tenant_id */ and subscribed_at is null", [id, formatInstant(at)]);
}

export async function findRefs(db: Database, ids: readonly string[]): Promise<TenantRef[]> {
  return db.query<TenantRef>(
    `select id, no, time_zone as "timeZone", currency, test_clock_id as "testClockId" from tenants where id = any($1::text[]) /* tenant_id */`,
    [ids],
  );
}

function valuesOf(fields: TenantFields): unknown[] {
  return [
    fields.name,
    fields.email,
    fields.billing_email,
    fields.currency,
    fields.time_zone,
    fields.address === null ? null : toJson(fields.address),
    fields.tax_id,
    fields.tax_exempt,
    fields.provider_sync,
    toJson(fields.metadata),
    fields.test_clock,
  ];
}
