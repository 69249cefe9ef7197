/** SQL of credits whose money a dispute took. */
import type { Tx } from "../../commit.ts";

export interface DisputedRow {
  grant_id: string;
  dispute_id: string;
  tenant_id: string;
  invoice_id: string;
  amount: string;
  again_id: string | null;
}

/** What was granted for an invoice, for a pack or a period, less what was to be taken back of it. */
export async function grantsOfInvoice(tx: Tx, invoiceId: string, tenantId: string): Promise<{ grant_id: string; amount: string }[]> {
  return tx.query<{ grant_id: string; amount: string }>(
    `select grant_id, (granted - revoked)::text as amount from credit_purchases
     where invoice_id = $1 and tenant_id = $2 and status = 'granted' and grant_id is not null
     union all
     select grant_id, (granted - revoked)::text from plan_credits
     where invoice_id = $1 and tenant_id = $2 and status = 'granted' and grant_id is not null order by grant_id`,
    [invoiceId, tenantId],
  );
}

export async function insertDisputed(tx: Tx, row: Omit<DisputedRow, "again_id">): Promise<void> {
  await tx.query("insert into disputed_credits (grant_id, dispute_id, tenant_id, invoice_id, amount) values ($1, $2, $3, $4, $5)", [
    row.grant_id,
    row.dispute_id,
    row.tenant_id,
    row.invoice_id,
    row.amount,
  ]);
}

/** Those that wait for the invoice to be paid again; locked. */
export async function lockDisputed(tx: Tx, invoiceId: string, tenantId: string): Promise<DisputedRow[]> {
  return tx.query<DisputedRow>(
    `select grant_id, dispute_id, tenant_id, invoice_id, amount::text, again_id from disputed_credits
     where invoice_id = $1 and tenant_id = $2 and again_id is null order by grant_id, dispute_id for update`,
    [invoiceId, tenantId],
  );
}

export async function noteAgain(tx: Tx, row: DisputedRow, againId: string): Promise<void> {
  await tx.query("update disputed_credits set again_id = $4 where grant_id = $1 and dispute_id = $2 and tenant_id = $3", [
    row.grant_id,
    row.dispute_id,
    row.tenant_id,
    againId,
  ]);
}

/** Grants that gave again what was taken of this one. */
export async function findAgain(tx: Tx, grantId: string, tenantId: string): Promise<string[]> {
  const rows = await tx.query<{ again_id: string }>(
    "select again_id from disputed_credits where grant_id = $1 and tenant_id = $2 and again_id is not null order by again_id",
    [grantId, tenantId],
  );
  return rows.map((row) => row.again_id);
}
