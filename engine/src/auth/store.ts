/** SQL of api_keys. */
import type { Instant } from "../billing/time/instant.ts";
import { formatInstant } from "../billing/time/instant.ts";
import { type Database, type Pool, run } from "../db/pool.ts";
import type { Scope } from "./principal.ts";

export interface ApiKeyRow {
  id: string;
  name: string;
  prefix: string;
  scopes: Scope[];
  tenant_id: string | null;
  expires_at: Instant | null;
  revoked_at: Instant | null;
  last_used_at: Instant | null;
  created_at: Instant;
}

const COLUMNS = "id, name, prefix, scopes, tenant_id, expires_at, revoked_at, last_used_at, created_at";

export async function findKey(pool: Pool, hash: Buffer): Promise<ApiKeyRow | null> {
  const rows = await run<ApiKeyRow>(
    pool,
    `/* all tenants: the key says whose it is */ select ${COLUMNS} from api_keys where secret_hash = $1`,
    [hash],
  );
  return rows[0] ?? null;
}

/** Last use, to the minute: a write for every request would cost more than the fact is worth. */
export async function touchKey(pool: Pool, id: string, at: Instant): Promise<void> {
  await run(
    pool,
    "/* all tenants: a key by its id */ update api_keys set last_used_at = $2 where id = $1 and (last_used_at is null or last_used_at < $2::timestamptz - interval '1 minute')",
    [id, formatInstant(at)],
  );
}

export async function insertKey(
  db: Database,
  key: {
    id: string;
    name: string;
    prefix: string;
    hash: Buffer;
    scopes: Scope[];
    tenantId: string | null;
    expiresAt: Instant | null;
    createdAt: Instant;
  },
): Promise<ApiKeyRow | null> {
  const rows = await db.query<ApiKeyRow>(
    `insert into api_keys (id, name, prefix, secret_hash, scopes, tenant_id, expires_at, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (secret_hash) do nothing returning ${COLUMNS}`,
    [
      key.id,
      key.name,
      key.prefix,
      key.hash,
      key.scopes,
      key.tenantId,
      key.expiresAt === null ? null : formatInstant(key.expiresAt),
      formatInstant(key.createdAt),
    ],
  );
  return rows[0] ?? null;
}

export async function listKeys(db: Database, before: string | null, limit: number): Promise<ApiKeyRow[]> {
  return db.query<ApiKeyRow>(
    `/* all tenants: for the platform only */ select ${COLUMNS} from api_keys where ($1::text is null or id < $1) order by id desc limit $2`,
    [before, limit],
  );
}

export async function revokeKey(db: Database, id: string, at: Instant): Promise<ApiKeyRow | null> {
  const rows = await db.query<ApiKeyRow>(
    `/* all tenants: for the platform only */ update api_keys set revoked_at = coalesce(revoked_at, $2) where id = $1 returning ${COLUMNS}`,
    [id, formatInstant(at)],
  );
  return rows[0] ?? null;
}

/** Lets a key end when its successor has taken over, unless it ends earlier anyway. */
export async function replaceKey(db: Database, id: string, by: string, endsAt: Instant): Promise<void> {
  await db.query(
    "/* all tenants: for the platform only */ update api_keys set replaced_by = $2, expires_at = least(expires_at, $3) where id = $1",
    [id, by, formatInstant(endsAt)],
  );
}

export async function lockKey(db: Database, id: string): Promise<(ApiKeyRow & { replaced_by: string | null }) | null> {
  const rows = await db.query<ApiKeyRow & { replaced_by: string | null }>(
    `/* all tenants: for the platform only */ select ${COLUMNS}, replaced_by from api_keys where id = $1 for update`,
    [id],
  );
  return rows[0] ?? null;
}
