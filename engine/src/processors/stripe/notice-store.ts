/** SQL of what Stripe is to be told. */
import { formatInstant, type Instant } from "../../billing/time/instant.ts";
import type { Tx } from "../../commit.ts";
import { type Database, onPlatform, type Pool } from "../../db/pool.ts";

export interface NoticeRow {
  id: bigint;
  tenant_id: string;
  invoice_id: string;
  kind: "paid" | "mirror" | "void" | "uncollectible" | "credit_note" | "balance";
  /** Which credit note, or entry of the balance; "" of the invoice itself. */
  subject: string;
  attempts: number;
}

/** Once for each invoice, kind and subject. */
export async function insertNotice(
  tx: Tx,
  row: Pick<NoticeRow, "tenant_id" | "invoice_id" | "kind" | "subject">,
  at: Instant,
): Promise<boolean> {
  const rows = await tx.query(
    `insert into processor_notices (tenant_id, invoice_id, processor, kind, subject, next_at, created_at) values ($1, $2, 'stripe', $3, $5, $4, $4)
     on conflict (invoice_id, kind, subject) do nothing returning id`,
    [row.tenant_id, row.invoice_id, row.kind, formatInstant(at), row.subject],
  );
  return rows.length > 0;
}

export async function hasNotice(db: Database, invoiceId: string, tenantId: string, kind: NoticeRow["kind"]): Promise<boolean> {
  const rows = await db.query("select id from processor_notices where invoice_id = $1 and tenant_id = $2 and kind = $3", [
    invoiceId,
    tenantId,
    kind,
  ]);
  return rows.length > 0;
}

/** Takes what is due, of each tenant only what is first; `attempts` tells one claim from the next. */
export async function claimNotices(pool: Pool, now: Instant, until: Instant, limit: number): Promise<NoticeRow[]> {
  return onPlatform(pool).query<NoticeRow>(
    `/* all tenants: the worker tells for everybody */
     update processor_notices set claimed_until = $2, attempts = attempts + 1
     where id in (select n.id from processor_notices n
                  where n.done_at is null and n.next_at <= $1 and (n.claimed_until is null or n.claimed_until < $1)
                    and not exists (select 1 from processor_notices e where e.tenant_id = n.tenant_id and e.done_at is null and e.id < n.id)
                  order by n.next_at, n.id limit $3 for update skip locked)
     returning id, tenant_id, invoice_id, kind, subject, attempts`,
    [formatInstant(now), formatInstant(until), limit],
  );
}

/** `nextAt` null: it is done. Answers whether it was this claim's: nothing is written where somebody else has taken it since. */
export async function finishNotice(
  db: Database,
  row: NoticeRow,
  to: { error: string | null; nextAt: Instant | null; at: Instant },
): Promise<boolean> {
  const rows = await db.query(
    `update processor_notices set claimed_until = null, error = $4, next_at = coalesce($5, next_at), done_at = case when $5::timestamptz is null then $6::timestamptz end
     where id = $1 and tenant_id = $2 and attempts = $3 and done_at is null returning id`,
    [
      row.id.toString(),
      row.tenant_id,
      row.attempts,
      to.error?.slice(0, 1_000) ?? null,
      to.nextAt === null ? null : formatInstant(to.nextAt),
      formatInstant(to.at),
    ],
  );
  return rows.length > 0;
}

/** How the tenant is set; null: as the engine is. */
export async function readProviderSync(db: Database, tenantId: string): Promise<"off" | "invoices" | null> {
  const rows = await db.query<{ provider_sync: "off" | "invoices" | null }>(
    "select provider_sync from tenants where id = $1 /* tenant_id */",
    [tenantId],
  );
  return rows[0]?.provider_sync ?? null;
}

/** What an invoice of ours is called at Stripe, once. */
export async function noteShown(tx: Tx, row: { id: string; tenantId: string; reference: string }): Promise<void> {
  await tx.query("update invoices set processor_invoice_id = coalesce(processor_invoice_id, $3) where id = $1 and tenant_id = $2", [
    row.id,
    row.tenantId,
    row.reference,
  ]);
}
