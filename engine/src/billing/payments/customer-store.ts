/** SQL of who tenants are at gateways. */
import type { Tx } from "../../commit.ts";
import { type Database, type Pool, run } from "../../db/pool.ts";
import { formatInstant, type Instant } from "../time/instant.ts";

export interface CustomerRow {
  /** The key under which the gateway makes the customer. */
  id: string;
  tenant_id: string;
  gateway: string;
  reference: string | null;
  told: string | null;
  created_at: Instant;
}

const CUSTOMER = "id, tenant_id, gateway, reference, told, created_at";

export async function findCustomer(db: Database, tenantId: string, gateway: string): Promise<CustomerRow | null> {
  const rows = await db.query<CustomerRow>(
    `select ${CUSTOMER} from gateway_customers where tenant_id = $1 and gateway = $2 and deleted_at is null`,
    [tenantId, gateway],
  );
  return rows[0] ?? null;
}

export async function listCustomers(db: Database, tenantId: string): Promise<CustomerRow[]> {
  return db.query<CustomerRow>(`select ${CUSTOMER} from gateway_customers where tenant_id = $1 and deleted_at is null order by gateway`, [
    tenantId,
  ]);
}

/** Where it is there already, by whoever was first, it stays. */
export async function insertCustomer(tx: Tx, row: CustomerRow): Promise<boolean> {
  const rows = await tx.query(
    `insert into gateway_customers (id, tenant_id, gateway, reference, created_at) values ($1, $2, $3, $4, $5)
     on conflict (tenant_id, gateway) where deleted_at is null do nothing returning id`,
    [row.id, row.tenant_id, row.gateway, row.reference, formatInstant(row.created_at)],
  );
  return rows.length > 0;
}

/** The first answer stays: by one key a gateway makes one customer. */
export async function noteReference(tx: Tx, row: { id: string; tenant_id: string }, reference: string): Promise<void> {
  await tx.query("update gateway_customers set reference = $3 where id = $1 and tenant_id = $2 and reference is null", [
    row.id,
    row.tenant_id,
    reference,
  ]);
}

export async function noteTold(tx: Tx, row: { id: string; tenant_id: string }, told: string): Promise<void> {
  await tx.query("update gateway_customers set told = $3 where id = $1 and tenant_id = $2", [row.id, row.tenant_id, told]);
}

/** Deleted at the gateway, and with it every method there. */
export async function dropCustomer(tx: Tx, row: { id: string; tenant_id: string; gateway: string }): Promise<void> {
  await tx.query("update gateway_customers set deleted_at = $3 where id = $1 and tenant_id = $2 and deleted_at is null", [
    row.id,
    row.tenant_id,
    formatInstant(tx.now),
  ]);
  await tx.query(
    "update payment_methods set detached_at = $3, is_default = false where tenant_id = $1 and gateway = $2 and detached_at is null",
    [row.tenant_id, row.gateway, formatInstant(tx.now)],
  );
}

/** Whose a gateway's customer is: by its name there, or by the key that it was made with. */
export async function locateCustomer(
  pool: Pool,
  gateway: string,
  by: { id?: string | null; reference: string },
): Promise<CustomerRow | null> {
  const rows = await run<CustomerRow>(
    pool,
    `/* all tenants: whose it is is asked */
     select ${CUSTOMER} from gateway_customers where gateway = $1 and deleted_at is null and (reference = $2 or (id = $3 and reference is null))`,
    [gateway, by.reference, by.id ?? null],
  );
  return rows[0] ?? null;
}
