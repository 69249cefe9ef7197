/** SQL of checkouts. */
import type { Tx } from "../../commit.ts";
import { type Database, onPlatform, type Pool, run } from "../../db/pool.ts";
import { toJson } from "../../http/json.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { CheckoutItem, CheckoutStatus } from "./checkout.ts";

export interface CheckoutRow {
  id: string;
  tenant_id: string;
  kind: "credits" | "plan";
  status: CheckoutStatus;
  gateway: string;
  /** null: the gateway has not answered with a page yet, so nobody has seen one. */
  gateway_reference: string | null;
  url: string | null;
  item: CheckoutItem;
  description: string;
  currency: string;
  amount: bigint;
  payment_id: string;
  success_url: string;
  cancel_url: string;
  invoice_id: string | null;
  subscription_id: string | null;
  failure: string | null;
  expires_at: Instant;
  asked: number;
  created_at: Instant;
  closed_at: Instant | null;
  /** The processor's name of a subscription that is to be ended there and paid back, or was. */
  undo_reference: string | null;
}

const CHECKOUT = `id, tenant_id, kind, status, gateway, gateway_reference, url, item, description, currency, amount, payment_id, success_url, cancel_url, invoice_id,
  subscription_id, failure, expires_at, asked, created_at, closed_at, undo_reference`;

export async function insertCheckout(tx: Tx, row: CheckoutRow, askAt: Instant): Promise<void> {
  await tx.query(
    `insert into checkouts (id, tenant_id, kind, status, gateway, gateway_reference, url, item, currency, amount, payment_id, success_url, cancel_url,
       expires_at, ask_at, created_at, description)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
    [
      row.id,
      row.tenant_id,
      row.kind,
      row.status,
      row.gateway,
      row.gateway_reference,
      row.url,
      toJson(row.item),
      row.currency,
      row.amount.toString(),
      row.payment_id,
      row.success_url,
      row.cancel_url,
      formatInstant(row.expires_at),
      formatInstant(askAt),
      formatInstant(row.created_at),
      row.description,
    ],
  );
}

/** The first answer stands: by the same key it is the same page. */
export async function notePage(
  tx: Tx,
  row: Pick<CheckoutRow, "id" | "tenant_id"> & { gateway_reference: string; url: string },
): Promise<void> {
  await tx.query("update checkouts set gateway_reference = $3, url = $4 where id = $1 and tenant_id = $2 and gateway_reference is null", [
    row.id,
    row.tenant_id,
    row.gateway_reference,
    row.url,
  ]);
}

/** `tenantId` null: whoever knows the id, as gateways do. */
export async function findCheckout(db: Database, id: string, tenantId: string | null, lock = false): Promise<CheckoutRow | null> {
  const rows = await db.query<CheckoutRow>(
    `select ${CHECKOUT} from checkouts where id = $1 and ($2::text is null or tenant_id = $2)${lock ? " for no key update" : ""}`,
    [id, tenantId],
  );
  return rows[0] ?? null;
}

/** It is over: nobody asks about it any more. */
export async function closeCheckout(tx: Tx, row: CheckoutRow): Promise<void> {
  await tx.query("update checkouts set status = $3, failure = $4, ask_at = null, closed_at = $5 where id = $1 and tenant_id = $2", [
    row.id,
    row.tenant_id,
    row.status,
    row.failure,
    formatInstant(tx.now),
  ]);
}

/** What came of a completed one. */
export async function noteResult(
  tx: Tx,
  row: { id: string; tenantId: string; invoiceId: string | null; subscriptionId: string | null },
): Promise<void> {
  await tx.query("update checkouts set invoice_id = $3, subscription_id = $4 where id = $1 and tenant_id = $2", [
    row.id,
    row.tenantId,
    row.invoiceId,
    row.subscriptionId,
  ]);
}

/** Takes checkouts that are to be asked about and puts each off to `nextAt` of how often it was asked, so that no other worker asks too. */
export async function claimCheckouts(pool: Pool, now: Instant, limit: number): Promise<CheckoutRow[]> {
  return run<CheckoutRow>(
    pool,
    `/* all tenants: the worker asks for everybody */
     update checkouts set asked = asked + 1, ask_at = $1::timestamptz + least(interval '1 minute' * (2 ^ least(asked + 1, 10))::int, interval '1 hour')
     where id in (select id from checkouts where ask_at <= $1 order by ask_at, checkouts.id limit $2 for update skip locked)
     returning ${CHECKOUT}`,
    [formatInstant(now), limit],
  );
}

/** What began on its page is to be ended there; tried at `at`, and put off by each that takes it. null: it is. */
export async function noteUndo(
  db: Database,
  row: Pick<CheckoutRow, "id" | "tenant_id">,
  to: { reference: string; at: Instant | null },
): Promise<void> {
  await db.query("update checkouts set undo_reference = $3, undo_at = $4 where id = $1 and tenant_id = $2", [
    row.id,
    row.tenant_id,
    to.reference,
    to.at === null ? null : formatInstant(to.at),
  ]);
}

export async function claimUndos(pool: Pool, now: Instant, next: Instant, limit: number): Promise<CheckoutRow[]> {
  return onPlatform(pool).query<CheckoutRow>(
    `/* all tenants: the worker undoes for everybody */
     update checkouts set undo_at = $2
     where id in (select id from checkouts where undo_at <= $1 order by undo_at, checkouts.id limit $3 for update skip locked)
     returning ${CHECKOUT}`,
    [formatInstant(now), formatInstant(next), limit],
  );
}
