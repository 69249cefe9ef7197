/** The tenant's balance: what negative invoices left to its credit, as entries that never change. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { formatInstant } from "../time/instant.ts";
import type { InvoiceRow } from "./store.ts";

export type BalanceKind = "credited" | "applied" | "overpaid" | "returned" | "credit_note" | "refund_failed" | "refunded";

/** Balance from money that no invoice was written for. */
export async function insertReceivedBalance(
  tx: Tx,
  receipt: { id: string; tenant_id: string; currency: string },
  amount: bigint,
): Promise<void> {
  await tx.query(
    "insert into balance_entries (tenant_id, currency, amount, receipt_id, kind, created_at) values ($1, $2, $3, $4, 'received', $5)",
    [receipt.tenant_id, receipt.currency, amount.toString(), receipt.id, formatInstant(tx.now)],
  );
}

interface Whose {
  tenantId: string;
  currency: string;
}

/** By `tenant currency`. Tenants that have a balance are locked, so that two invoices cannot spend the same one. */
export async function balancesOf(tx: Tx, whose: readonly Whose[]): Promise<Map<string, bigint>> {
  const tenants = [...new Set(whose.map((draft) => draft.tenantId))];
  const found = await readBalances(tx, tenants);
  if (found.size === 0) return found;
  const holders = [...new Set([...found.keys()].map((key) => key.split(" ")[0]!))].sort();
  await tx.query("select id from tenants where id = any($1) /* tenant_id */ order by id for no key update", [holders]);
  return readBalances(tx, holders);
}

async function readBalances(db: Database, tenantIds: string[]): Promise<Map<string, bigint>> {
  const rows = await db.query<{ tenant_id: string; currency: string; balance: string }>(
    "select tenant_id, currency, sum(amount)::text as balance from balance_entries where tenant_id = any($1) group by 1, 2 having sum(amount) <> 0",
    [tenantIds],
  );
  return new Map(rows.map((row) => [`${row.tenant_id} ${row.currency}`, BigInt(row.balance)]));
}

export async function insertBalanceEntries(
  tx: Tx,
  entries: readonly { invoice: Pick<InvoiceRow, "id" | "tenant_id" | "currency">; kind: BalanceKind; amount: bigint }[],
): Promise<void> {
  if (entries.length === 0) return;
  await tx.query(
    `insert into balance_entries (tenant_id, currency, amount, invoice_id, kind, created_at)
     select tenant_id, currency, amount, invoice_id, kind, $6
     from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[]) as entry (tenant_id, currency, amount, invoice_id, kind)`,
    [
      entries.map((entry) => entry.invoice.tenant_id),
      entries.map((entry) => entry.invoice.currency),
      entries.map((entry) => entry.amount.toString()),
      entries.map((entry) => entry.invoice.id),
      entries.map((entry) => entry.kind),
      formatInstant(tx.now),
    ],
  );
}

export interface BalanceEntry {
  id: bigint;
  kind: BalanceKind | "received";
  currency: string;
  amount: bigint;
}

/** What an invoice, or money that was received, left in the balance. */
export async function entriesOf(db: Database, tenantId: string, source: string): Promise<BalanceEntry[]> {
  return db.query<BalanceEntry>(
    "select id, kind, currency, amount from balance_entries where tenant_id = $1 and (invoice_id = $2 or receipt_id = $2) order by balance_entries.id",
    [tenantId, source],
  );
}

export async function findEntry(db: Database, tenantId: string, id: string): Promise<BalanceEntry | null> {
  const rows = await db.query<BalanceEntry>("select id, kind, currency, amount from balance_entries where tenant_id = $1 and id = $2", [
    tenantId,
    id,
  ]);
  return rows[0] ?? null;
}
