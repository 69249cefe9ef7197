/** SQL of discounts and of what they were used for. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { toJson } from "../../http/json.ts";
import type { CouponTerms } from "../catalog/coupon.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { Discount } from "./discount.ts";

export interface DiscountRow {
  id: string;
  tenant_id: string;
  subscription_id: string | null;
  coupon_key: string;
  terms: CouponTerms;
  used: string;
  uses: number;
  created_at: Instant;
  ended_at: Instant | null;
}

// An invoice that was voided used nothing up.
const COLUMNS = `d.id, d.tenant_id, d.subscription_id, d.coupon_key, d.terms, d.created_at, d.ended_at,
  coalesce((select sum(u.amount) from discount_uses u join invoices i on i.id = u.invoice_id and i.status <> 'void'
            where u.discount_id = d.id and u.tenant_id = d.tenant_id), 0)::text as used,
  (select count(*)::int from discount_uses u join invoices i on i.id = u.invoice_id and i.status <> 'void'
   where u.discount_id = d.id and u.tenant_id = d.tenant_id and u.counts) as uses`;

/** False where the tenant, or the subscription, has the same coupon already. */
export async function insertDiscount(
  tx: Tx,
  row: Pick<DiscountRow, "id" | "tenant_id" | "subscription_id" | "coupon_key" | "terms">,
): Promise<boolean> {
  const rows = await tx.query(
    `insert into discounts (id, tenant_id, subscription_id, coupon_key, terms, created_at) values ($1, $2, $3, $4, $5, $6)
     on conflict (tenant_id, coalesce(subscription_id, ''), coupon_key) where ended_at is null do nothing returning id`,
    [row.id, row.tenant_id, row.subscription_id, row.coupon_key, toJson(row.terms), formatInstant(tx.now)],
  );
  return rows.length > 0;
}

/** Those that could still take something off; locked, so that two invoices cannot use up the same one. */
export async function readActive(db: Database, tenantIds: readonly string[], lock: boolean): Promise<Discount[]> {
  const found = await db.query<{ id: string }>(
    `select id from discounts where tenant_id = any($1) and ended_at is null order by id${lock ? " for no key update" : ""}`,
    [tenantIds],
  );
  if (found.length === 0) return [];
  const rows = await db.query<DiscountRow>(`select ${COLUMNS} from discounts d where d.id = any($1) and d.tenant_id = any($2)`, [
    found.map((row) => row.id),
    tenantIds,
  ]);
  return rows.map(discountOf);
}

export function discountOf(row: DiscountRow): Discount {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    subscriptionId: row.subscription_id,
    couponKey: row.coupon_key,
    terms: row.terms,
    usedMinor: BigInt(row.used),
    uses: row.uses,
  };
}

export async function insertUses(
  tx: Tx,
  uses: readonly { discountId: string; invoiceId: string; tenantId: string; amount: bigint; counts: boolean }[],
): Promise<void> {
  if (uses.length === 0) return;
  await tx.query(
    `insert into discount_uses (discount_id, invoice_id, tenant_id, amount, counts, created_at)
     select discount_id, invoice_id, tenant_id, amount, counts, $6
     from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::boolean[]) as use (discount_id, invoice_id, tenant_id, amount, counts)`,
    [
      uses.map((use) => use.discountId),
      uses.map((use) => use.invoiceId),
      uses.map((use) => use.tenantId),
      uses.map((use) => use.amount.toString()),
      uses.map((use) => use.counts),
      formatInstant(tx.now),
    ],
  );
}

export async function listDiscounts(db: Database, tenantId: string): Promise<DiscountRow[]> {
  return db.query<DiscountRow>(`select ${COLUMNS} from discounts d where d.tenant_id = $1 order by d.id desc`, [tenantId]);
}

export async function findDiscount(db: Database, id: string, tenantId: string): Promise<DiscountRow | null> {
  const rows = await db.query<DiscountRow>(`select ${COLUMNS} from discounts d where d.id = $1 and d.tenant_id = $2`, [id, tenantId]);
  return rows[0] ?? null;
}

export async function endDiscount(tx: Tx, id: string, tenantId: string): Promise<boolean> {
  const rows = await tx.query("update discounts set ended_at = $3 where id = $1 and tenant_id = $2 and ended_at is null returning id", [
    id,
    tenantId,
    formatInstant(tx.now),
  ]);
  return rows.length > 0;
}
