/** SQL of endpoints and of the secrets that sign for them. Whoever is confined to a tenant finds its own by row-level security. */
import { formatInstant, type Instant } from "../../billing/time/instant.ts";
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import type { Sealed } from "../../seal.ts";

export const DISABLED_REASONS = ["asked", "failing", "gone"] as const;
export type DisabledReason = (typeof DISABLED_REASONS)[number];

export interface EndpointRow {
  id: string;
  tenant_id: string | null;
  url: string;
  description: string | null;
  event_types: string[];
  ordered: boolean;
  failing_since: Instant | null;
  disabled_at: Instant | null;
  disabled_reason: DisabledReason | null;
  created_at: Instant;
  updated_at: Instant;
}
export type EndpointFields = Pick<EndpointRow, "url" | "description" | "event_types" | "ordered" | "disabled_at" | "disabled_reason">;

const ROW = "id, tenant_id, url, description, event_types, ordered, failing_since, disabled_at, disabled_reason, created_at, updated_at";

export async function insertEndpoint(tx: Tx, endpoint: { id: string; tenantId: string | null } & EndpointFields): Promise<EndpointRow> {
  const rows = await tx.query<EndpointRow>(
    `insert into webhook_endpoints (id, tenant_id, url, description, event_types, ordered, disabled_at, disabled_reason, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) returning ${ROW}`,
    [endpoint.id, endpoint.tenantId, ...valuesOf(endpoint), formatInstant(tx.now)],
  );
  return rows[0]!;
}

function valuesOf(fields: EndpointFields): unknown[] {
  const { url, description, event_types, ordered, disabled_at, disabled_reason } = fields;
  return [url, description, event_types, ordered, disabled_at === null ? null : formatInstant(disabled_at), disabled_reason];
}

/** How many an owner has; null: the platform. */
export async function countEndpoints(db: Database, tenantId: string | null): Promise<number> {
  const [row] = await db.query<{ n: number }>(
    "select count(*)::integer as n from webhook_endpoints where tenant_id is not distinct from $1",
    [tenantId],
  );
  return row!.n;
}

/** Newest first. `tenantId` undefined: of everybody who may be seen. */
export async function listEndpoints(
  db: Database,
  tenantId: string | undefined,
  before: string | null,
  limit: number,
): Promise<EndpointRow[]> {
  return db.query<EndpointRow>(
    `/* all tenants: whom the operator asks for, or whom row-level security lets be seen */
     select ${ROW} from webhook_endpoints where ($1::text is null or tenant_id = $1) and ($2::text is null or id < $2) order by id desc limit $3`,
    [tenantId ?? null, before, limit],
  );
}

export async function findEndpoint(db: Database, id: string): Promise<EndpointRow | null> {
  const rows = await db.query<EndpointRow>(
    `/* all tenants: by row-level security, or for the operator */ select ${ROW} from webhook_endpoints where id = $1`,
    [id],
  );
  return rows[0] ?? null;
}

export async function lockEndpoint(tx: Tx, id: string): Promise<EndpointRow | null> {
  const rows = await tx.query<EndpointRow>(
    `/* all tenants: by row-level security, or for the operator */ select ${ROW} from webhook_endpoints where id = $1 for update`,
    [id],
  );
  return rows[0] ?? null;
}

/** `afresh`: it hears of what happens from now on, and has not failed yet. */
export async function updateEndpoint(tx: Tx, id: string, fields: EndpointFields, afresh: boolean): Promise<EndpointRow> {
  const rows = await tx.query<EndpointRow>(
    `/* all tenants: one that was locked */
     update webhook_endpoints set url = $2, description = $3, event_types = $4, ordered = $5, disabled_at = $6, disabled_reason = $7, updated_at = $8,
       since = case when $9 then pg_current_snapshot() else since end, failing_since = case when $9 or $2 <> url then null else failing_since end
     where id = $1 returning ${ROW}`,
    [id, ...valuesOf(fields), formatInstant(tx.now), afresh],
  );
  return rows[0]!;
}

/** With its secrets, its deliveries and what became of them. */
export async function deleteEndpoint(tx: Tx, id: string): Promise<EndpointRow | null> {
  const rows = await tx.query<EndpointRow>(
    `/* all tenants: by row-level security, or for the operator */ delete from webhook_endpoints where id = $1 returning ${ROW}`,
    [id],
  );
  return rows[0] ?? null;
}

export async function insertSecret(tx: Tx, endpoint: Pick<EndpointRow, "id" | "tenant_id">, { keyId, sealed }: Sealed): Promise<void> {
  await tx.query("insert into webhook_secrets (endpoint_id, tenant_id, key_id, sealed, created_at) values ($1, $2, $3, $4, $5)", [
    endpoint.id,
    endpoint.tenant_id,
    keyId,
    sealed,
    formatInstant(tx.now),
  ]);
}

/** Lets what signs now end then, and drops what has ended. Answers how many of the others still sign. */
export async function endSecrets(tx: Tx, endpointId: string, at: Instant): Promise<number> {
  await tx.query(
    "/* all tenants: of one endpoint, which was locked */ delete from webhook_secrets where endpoint_id = $1 and expires_at <= $2",
    [endpointId, formatInstant(tx.now)],
  );
  const rows = await tx.query(
    "/* all tenants: of one endpoint, which was locked */ update webhook_secrets set expires_at = least(expires_at, $2) where endpoint_id = $1 returning no",
    [endpointId, formatInstant(at)],
  );
  return rows.length;
}
