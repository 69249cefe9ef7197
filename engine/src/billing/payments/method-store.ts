/** SQL of payment methods. */
import type { Tx } from "../../commit.ts";
import { type Database, type Pool, run } from "../../db/pool.ts";
import { formatInstant, type Instant } from "../time/instant.ts";

export interface MethodRow {
  id: string;
  tenant_id: string;
  gateway: string;
  reference: string;
  kind: string;
  brand: string | null;
  last4: string | null;
  exp_month: number | null;
  exp_year: number | null;
  is_default: boolean;
  /** The gateway's own time of it; null: it has none. */
  made_at: Instant | null;
  created_at: Instant;
  detached_at: Instant | null;
}

const METHOD = "id, tenant_id, gateway, reference, kind, brand, last4, exp_month, exp_year, is_default, made_at, created_at, detached_at";

export async function findDefaultMethod(db: Database, tenantId: string, gateway: string): Promise<MethodRow | null> {
  const rows = await db.query<MethodRow>(
    `select ${METHOD} from payment_methods where tenant_id = $1 and gateway = $2 and is_default and detached_at is null`,
    [tenantId, gateway],
  );
  return rows[0] ?? null;
}

export async function findMethod(db: Database, tenantId: string, id: string): Promise<MethodRow | null> {
  const rows = await db.query<MethodRow>(`select ${METHOD} from payment_methods where tenant_id = $1 and id = $2 and detached_at is null`, [
    tenantId,
    id,
  ]);
  return rows[0] ?? null;
}

export async function listMethods(db: Database, tenantId: string): Promise<MethodRow[]> {
  return db.query<MethodRow>(
    `select ${METHOD} from payment_methods where tenant_id = $1 and detached_at is null order by created_at desc, id desc`,
    [tenantId],
  );
}

/** The one default changes hands in two statements, for the index allows one at a time. */
export async function makeDefault(tx: Tx, tenantId: string, id: string): Promise<MethodRow | null> {
  await tx.query("update payment_methods set is_default = false where tenant_id = $1 and is_default and id <> $2", [tenantId, id]);
  const rows = await tx.query<MethodRow>(
    `update payment_methods set is_default = true where tenant_id = $1 and id = $2 and detached_at is null returning ${METHOD}`,
    [tenantId, id],
  );
  return rows[0] ?? null;
}

/** A gateway's name of a method is one method: told of again, it is what it was. Whether it is new. */
export async function insertMethod(tx: Tx, row: Omit<MethodRow, "created_at" | "is_default">): Promise<boolean> {
  const rows = await tx.query(
    `insert into payment_methods (id, tenant_id, gateway, reference, kind, brand, last4, exp_month, exp_year, is_default, made_at, created_at, detached_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, false, $10, $11, $12)
     on conflict (gateway, reference) where gateway <> 'sandbox' do nothing returning id`,
    [
      row.id,
      row.tenant_id,
      row.gateway,
      row.reference,
      row.kind,
      row.brand,
      row.last4,
      row.exp_month,
      row.exp_year,
      row.made_at === null ? null : formatInstant(row.made_at),
      formatInstant(tx.now),
      row.detached_at === null ? null : formatInstant(row.detached_at),
    ],
  );
  return rows.length > 0;
}

/** By the gateway's own name of it, also one that was detached. Locked by whoever writes. */
export async function findByReference(db: Database, tenantId: string, gateway: string, reference: string): Promise<MethodRow | null> {
  const rows = await db.query<MethodRow>(
    `select ${METHOD} from payment_methods where tenant_id = $1 and gateway = $2 and reference = $3 order by created_at desc limit 1`,
    [tenantId, gateway, reference],
  );
  return rows[0] ?? null;
}

/** A card that was replaced or renewed keeps its name. */
export async function updateCard(tx: Tx, row: MethodRow): Promise<void> {
  await tx.query(
    "update payment_methods set kind = $3, brand = $4, last4 = $5, exp_month = $6, exp_year = $7 where tenant_id = $1 and id = $2",
    [row.tenant_id, row.id, row.kind, row.brand, row.last4, row.exp_month, row.exp_year],
  );
}

/** Whose method it is, for webhooks, which name it by the gateway's name alone. */
export async function tenantOfMethod(pool: Pool, gateway: string, reference: string): Promise<string | null> {
  const rows = await run<{ tenant_id: string }>(
    pool,
    "/* all tenants: whose it is is asked */ select tenant_id from payment_methods where gateway = $1 and reference = $2",
    [gateway, reference],
  );
  return rows[0]?.tenant_id ?? null;
}

export async function detachMethod(tx: Tx, tenantId: string, id: string): Promise<boolean> {
  const rows = await tx.query(
    "update payment_methods set detached_at = $3, is_default = false where tenant_id = $1 and id = $2 and detached_at is null returning id",
    [tenantId, id, formatInstant(tx.now)],
  );
  return rows.length > 0;
}

/** Of the method that the tenant pays with. */
export async function defaultGateway(db: Database, tenantId: string): Promise<string | null> {
  const rows = await db.query<{ gateway: string }>(
    "select gateway from payment_methods where tenant_id = $1 and is_default and detached_at is null",
    [tenantId],
  );
  return rows[0]?.gateway ?? null;
}
