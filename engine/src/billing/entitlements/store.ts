/** SQL of entitlements: what decides of a tenant, and what overrides its plan. */
import type { Database } from "../../db/pool.ts";
import { toJson } from "../../http/json.ts";
import type { TenantRef } from "../tenants/cache.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { Override } from "./override.ts";
import type { Account, Subscribed } from "./standing.ts";

export interface OverrideRow extends Override {
  createdAt: Instant;
  updatedAt: Instant;
}

interface StoredOverride {
  tenant_id: string;
  feature: string;
  terms: Omit<Override, "feature" | "expiresAt" | "reason">;
  expires_at: Instant | null;
  reason: string | null;
  created_at: Instant;
  updated_at: Instant;
}

interface AccountRow extends Subscribed {
  tenant_id: string;
}

/** Of each tenant the subscription that is live, else the last that ended, and the overrides. Two statements, however many. */
export async function readAccounts(db: Database, tenants: readonly TenantRef[]): Promise<Account[]> {
  const ids = tenants.map((tenant) => tenant.id);
  const rows = await db.query<AccountRow>(
    `select distinct on (tenant_id) tenant_id, status, plan_key, plan_version, grace_until, cancel_at, auto_renew, scheduled_change,
       current_period_start, current_period_end, cycle_start, anchor_at, interval_unit, interval_count, time_zone
     from subscriptions where tenant_id = any($1::text[])
     order by tenant_id, (status not in ('canceled', 'expired')) desc, created_at desc, id desc`,
    [ids],
  );
  const subscriptions = new Map(rows.map((row) => [row.tenant_id, row]));
  const overrides = Map.groupBy(await findOverrides(db, ids), (one) => one.tenantId);
  return tenants.map((tenant) => ({
    tenant,
    subscription: subscriptions.get(tenant.id) ?? null,
    overrides: overrides.get(tenant.id) ?? [],
  }));
}

async function findOverrides(db: Database, tenantIds: readonly string[]): Promise<(OverrideRow & { tenantId: string })[]> {
  const rows = await db.query<StoredOverride>(
    `select tenant_id, feature, terms, expires_at, reason, created_at, updated_at from entitlement_overrides
     where tenant_id = any($1::text[]) order by tenant_id, feature`,
    [tenantIds],
  );
  return rows.map((row) => ({ tenantId: row.tenant_id, ...overrideOf(row) }));
}

export async function listOverrides(db: Database, tenantId: string): Promise<OverrideRow[]> {
  return findOverrides(db, [tenantId]);
}

/** Answers it as stored, and whether it was there before. */
export async function upsertOverride(
  db: Database,
  tenantId: string,
  override: Override,
  now: Instant,
): Promise<{ row: OverrideRow; created: boolean }> {
  const { feature, expiresAt, reason, ...terms } = override;
  const rows = await db.query<StoredOverride & { created: boolean }>(
    `insert into entitlement_overrides (tenant_id, feature, terms, expires_at, reason, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $6)
     on conflict (tenant_id, feature) do update
       set terms = excluded.terms, expires_at = excluded.expires_at, reason = excluded.reason, updated_at = excluded.updated_at
     returning tenant_id, feature, terms, expires_at, reason, created_at, updated_at, xmax = 0 as created`,
    [tenantId, feature, toJson(terms), expiresAt === null ? null : formatInstant(expiresAt), reason, formatInstant(now)],
  );
  return { row: overrideOf(rows[0]!), created: rows[0]!.created };
}

/** null: there was none. */
export async function deleteOverride(db: Database, tenantId: string, feature: string): Promise<OverrideRow | null> {
  const rows = await db.query<StoredOverride>(
    `delete from entitlement_overrides where tenant_id = $1 and feature = $2
     returning tenant_id, feature, terms, expires_at, reason, created_at, updated_at`,
    [tenantId, feature],
  );
  return rows[0] ? overrideOf(rows[0]) : null;
}

function overrideOf(row: StoredOverride): OverrideRow {
  return {
    ...row.terms,
    feature: row.feature,
    expiresAt: row.expires_at,
    reason: row.reason,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
