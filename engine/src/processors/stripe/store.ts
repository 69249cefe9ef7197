/** SQL of what is mirrored from Stripe and asked of it. */
import type { Plan } from "../../billing/catalog/plan.ts";
import { formatInstant, type Instant } from "../../billing/time/instant.ts";
import type { Tx } from "../../commit.ts";
import { type Database, onPlatform, type Pool } from "../../db/pool.ts";
import type { SyncedPrice } from "./price-book.ts";
import type { KnownBill } from "./seen.ts";

export interface LinkRow {
  subscription_id: string;
  tenant_id: string;
  reference: string | null;
  customer: string | null;
  version: bigint;
  /** Steps of what was seen may be left to take over. */
  unfinished: boolean;
}

const LINK = "subscription_id, tenant_id, reference, customer, version, unfinished";

export async function insertLink(tx: Tx, row: Omit<LinkRow, "version" | "unfinished">): Promise<void> {
  await tx.query(
    `insert into processor_subscriptions (subscription_id, tenant_id, processor, reference, customer, created_at)
     values ($1, $2, 'stripe', $3, $4, $5) on conflict do nothing`,
    [row.subscription_id, row.tenant_id, row.reference, row.customer, formatInstant(tx.now)],
  );
}

export async function findLink(db: Database, subscriptionId: string, tenantId: string, lock = false): Promise<LinkRow | null> {
  const rows = await db.query<LinkRow>(
    `select ${LINK} from processor_subscriptions where subscription_id = $1 and tenant_id = $2${lock ? " for update" : ""}`,
    [subscriptionId, tenantId],
  );
  return rows[0] ?? null;
}

const BY = {
  reference: "p.reference = $1",
  subscription_id: "p.subscription_id = $1",
  customer: "p.customer = $1",
  invoice: "p.subscription_id = (select i.subscription_id from invoices i where i.processor_invoice_id = $1 and i.processor = 'stripe')",
  charge: `p.subscription_id = (select i.subscription_id from payments c join invoices i on i.id = c.invoice_id and i.tenant_id = c.tenant_id
    where c.gateway = 'stripe' and c.gateway_reference = $1 and i.processor = 'stripe' limit 1)`,
} as const;

/** Whosever it is: Stripe knows no tenants of ours. */
export async function locateLink(pool: Pool, by: keyof typeof BY, value: string): Promise<LinkRow | null> {
  const rows = await onPlatform(pool).query<LinkRow>(
    `/* all tenants: what Stripe tells is looked up by its own name */
     select ${LINK} from processor_subscriptions p where p.processor = 'stripe' and ${BY[by]} order by p.created_at desc limit 1`,
    [value],
  );
  return rows[0] ?? null;
}

/** The next version; what Stripe calls it is noted with it. */
export async function advanceLink(tx: Tx, link: LinkRow): Promise<LinkRow> {
  const next = { ...link, version: link.version + 1n, unfinished: true };
  await tx.query(
    "update processor_subscriptions set version = $3, reference = $4, customer = $5, unfinished = true where subscription_id = $1 and tenant_id = $2",
    [link.subscription_id, link.tenant_id, next.version.toString(), link.reference, link.customer],
  );
  return next;
}

/** All that was seen is taken over. */
export async function finishLink(tx: Tx, link: LinkRow): Promise<void> {
  await tx.query("update processor_subscriptions set unfinished = false where subscription_id = $1 and tenant_id = $2", [
    link.subscription_id,
    link.tenant_id,
  ]);
}

/** The tenant's invoices of the processor that Stripe calls so, with what of their money is known. */
export async function knownBills(db: Database, tenantId: string, references: readonly string[]): Promise<Map<string, KnownBill>> {
  const rows = await db.query<{
    reference: string;
    id: string;
    status: KnownBill["status"];
    charges: string[];
    offset_credited: bigint;
  }>(
    `select i.processor_invoice_id as reference, i.id, i.status, i.credited - i.refunded as offset_credited,
       array(select p.gateway_reference from payments p where p.invoice_id = i.id and p.tenant_id = i.tenant_id and p.gateway_reference is not null
             union select r.gateway_reference from refunds r where r.invoice_id = i.id and r.tenant_id = i.tenant_id and r.gateway_reference is not null) as charges
     from invoices i where i.tenant_id = $1 and i.processor = 'stripe' and i.processor_invoice_id = any($2)`,
    [tenantId, references],
  );
  return new Map(
    rows.map((row) => [row.reference, { id: row.id, status: row.status, references: new Set(row.charges), offset: row.offset_credited }]),
  );
}

/** Links of a mirrored invoice as they are now. */
export async function noteLinks(
  tx: Tx,
  row: { id: string; tenantId: string; hostedUrl: string | null; pdfUrl: string | null; nextAttemptAt: Instant | null },
): Promise<void> {
  await tx.query(
    `update invoices set processor_hosted_url = coalesce($3, processor_hosted_url), processor_pdf_url = coalesce($4, processor_pdf_url), next_attempt_at = case when status = 'open' then $5::timestamptz end
     where id = $1 and tenant_id = $2`,
    [row.id, row.tenantId, row.hostedUrl, row.pdfUrl, row.nextAttemptAt === null ? null : formatInstant(row.nextAttemptAt)],
  );
}

export async function insertFailed(
  tx: Tx,
  row: {
    id: string;
    tenantId: string;
    invoiceId: string;
    currency: string;
    amount: bigint;
    reference: string;
    code: string;
    reason: string;
    attempt: number;
    testClockId: string | null;
  },
): Promise<void> {
  await tx.query(
    `insert into payments (id, tenant_id, invoice_id, gateway, currency, amount, status, gateway_reference, code, reason, attempt, test_clock_id, requested_at, settled_at)
     values ($1, $2, $3, 'stripe', $4, $5, 'failed', $6, $7, $8, $9, $10, $11, $11)`,
    [
      row.id,
      row.tenantId,
      row.invoiceId,
      row.currency,
      row.amount.toString(),
      row.reference,
      row.code,
      row.reason,
      row.attempt,
      row.testClockId,
      formatInstant(tx.now),
    ],
  );
}

export async function refundsOfNote(tx: Tx, creditNoteId: string, tenantId: string): Promise<{ id: string }[]> {
  return tx.query("select id from refunds where credit_note_id = $1 and tenant_id = $2 order by refunds.id", [creditNoteId, tenantId]);
}

export async function readSyncedPrices(db: Database): Promise<SyncedPrice[]> {
  return db.query<SyncedPrice>(
    "select plan_key, plan_version, price_key, currency, reference from processor_prices where processor = 'stripe'",
  );
}

export async function insertSyncedPrice(
  db: Database,
  plan: Pick<Plan, "key" | "version">,
  price: string,
  currency: string,
  reference: string,
  at: Instant,
): Promise<void> {
  await db.query(
    `insert into processor_prices (processor, plan_key, plan_version, price_key, currency, reference, created_at) values ('stripe', $1, $2, $3, $4, $5, $6)
     on conflict (processor, plan_key, plan_version, price_key, currency) do update set reference = excluded.reference`,
    [plan.key, plan.version, price, currency, reference, formatInstant(at)],
  );
}

/** Those that were not looked at for the longest, put off so that no other worker takes them too. */
export async function claimStale(pool: Pool, before: Instant, now: Instant, limit: number): Promise<LinkRow[]> {
  return onPlatform(pool).query<LinkRow>(
    `/* all tenants: the sweep asks for everybody */
     update processor_subscriptions set asked_at = $2
     where subscription_id in (select p.subscription_id from processor_subscriptions p join subscriptions s on s.id = p.subscription_id
                               where p.reference is not null and s.status not in ('canceled', 'expired') and (p.asked_at is null or p.asked_at < $1)
                               order by p.asked_at nulls first limit $3 for update of p skip locked)
     returning ${LINK}`,
    [formatInstant(before), formatInstant(now), limit],
  );
}

/** Pages that are open although their tenant has a subscription by now: Stripe's names of them. */
export async function uselessPages(pool: Pool, limit: number): Promise<{ id: string; tenant_id: string; gateway_reference: string }[]> {
  return onPlatform(pool).query(
    `/* all tenants: the worker looks for everybody */
     select c.id, c.tenant_id, c.gateway_reference from checkouts c
     join subscriptions s on s.tenant_id = c.tenant_id and s.status not in ('canceled', 'expired')
     where c.status = 'open' and c.ask_at is not null and c.gateway = 'stripe' and c.gateway_reference is not null and c.item->>'offer' is not null
     order by c.created_at limit $1`,
    [limit],
  );
}

/** Stripe's names of the subscription's invoices of which nothing more is expected. */
export async function overBills(db: Database, link: LinkRow): Promise<Set<string>> {
  const rows = await db.query<{ reference: string }>(
    `select processor_invoice_id as reference from invoices
     where subscription_id = $1 and tenant_id = $2 and processor = 'stripe' and status in ('paid', 'void')`,
    [link.subscription_id, link.tenant_id],
  );
  return new Set(rows.map((row) => row.reference));
}
