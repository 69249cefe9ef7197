/**
 * The errand of automatic top-up: what the calendar brings, then whoever has too few credits: to each it sells by the stored payment
 * method. What is charged is then collected as any attempt is, once.
 */
import { ENGINE } from "../../auth/principal.ts";
import { commit, type Tx } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { readStanding } from "../credits/balance-store.ts";
import { lockWallets } from "../credits/store.ts";
import { creditsToBuy, packsFor } from "../credits/top-up.ts";
import { areTopUpsPaused } from "../credits/top-up-rule-store.ts";
import { findLow, findRunning, findTopUp, type TopUpRow, updateTrouble } from "../credits/top-up-store.ts";
import { type Decimal, decimal, ZERO } from "../money/decimal.ts";
import { collectBy } from "../payments/collect-by.ts";
import type { TenantRef } from "../tenants/cache.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import { buyTopUp, limitedUntil } from "./buy-top-up.ts";
import { packOf } from "./sell-credits.ts";
import { calendarDue } from "./top-up-by-calendar.ts";

const BATCH = 100;

/** Works until nobody is found any more. Answers how many purchases it began, and occurrences of the calendar it settled. */
export async function topUpDue(ctx: Context, input: { now: Instant; testClockId: string | null }): Promise<number> {
  const looked: string[] = [];
  // First what the calendar brings: it may leave nothing to buy.
  let begun = await calendarDue(ctx, input);
  for (;;) {
    const found = await findLow(onPool(ctx.pool), { ...input, except: looked, limit: BATCH });
    if (found.length === 0) return begun;
    for (const id of found) {
      looked.push(id);
      const tenant = await ctx.tenants.find(id);
      if (!tenant) continue;
      const did = await commit(ctx, { principal: ENGINE, now: input.now }, (tx) => topUp(tx, tenant)).catch((error: unknown) => {
        ctx.log.error({ err: error, tenant: id }, "an automatic top-up could not begin");
        return false;
      });
      if (did) begun += 1;
    }
  }
}

/** Whether a purchase began. */
async function topUp(tx: Tx, tenant: TenantRef): Promise<boolean> {
  const row = await findTopUp(tx, tenant.id, true);
  if (!row?.enabled || (row.retry_at !== null && row.retry_at > tx.now) || (await findRunning(tx, tenant.id))) return false;
  await lockWallets(tx, [tenant.id]);
  if (await areTopUpsPaused(tx, tenant.id)) return false;
  const [standing] = await readStanding(tx, [tenant.id], tx.now);
  const balance = decimal(standing?.available ?? "0");
  if (balance.gte(decimal(row.threshold))) return false;
  const { creditProducts } = await tx.ctx.catalog.current();
  const product = creditProducts.get(row.product_key);
  if (!product || product.archived || !product.active) return switchOff(tx, row, "product_not_on_sale");
  const quantity = quantityOf(row, decimal(product.credits), balance);
  const pack = packOf(creditProducts, row.product_key, quantity);
  const gateway = await collectBy(tx, tenant.id);
  if (quantity === 0 || gateway === undefined) return false;
  const purchase = { tenant, pack, gateway, occurrence: null };
  const end = await limitedUntil(tx, { count: row.month_count, amountMinor: row.month_amount }, purchase);
  if (end !== null) return waitUntil(tx, row, end);
  await buyTopUp(tx, purchase);
  return true;
}

function quantityOf(row: TopUpRow, perPack: Decimal, balance: Decimal): number {
  const credits = creditsToBuy(
    {
      method: row.target === null ? "fixed" : "target",
      trigger: "threshold",
      threshold: decimal(row.threshold),
      target: decimal(row.target ?? "0"),
      paid: perPack.times(decimal(row.quantity ?? 0)),
      given: ZERO,
      least: null,
      most: null,
    },
    balance,
  );
  return packsFor(credits, perPack);
}

/** Beyond the month's limit it waits for the next month, and says so once. */
async function waitUntil(tx: Tx, row: TopUpRow, end: Instant): Promise<false> {
  await updateTrouble(tx, { ...row, retry_at: end });
  tx.emit({
    type: "credits.top_up_limited",
    tenantId: row.tenant_id,
    subject: null,
    summary: `Automatic top-up has reached its limit of the month; it goes on at ${formatInstant(end)}.`,
    data: { product: row.product_key, limit: { count: row.month_count, amount: row.month_amount }, retry_at: formatInstant(end) },
  });
  return false;
}

async function switchOff(tx: Tx, row: TopUpRow, reason: string): Promise<false> {
  await updateTrouble(tx, { ...row, enabled: false, disabled_reason: reason });
  tx.emit({
    type: "credits.top_up_disabled",
    tenantId: row.tenant_id,
    subject: null,
    summary: `Automatic top-up was switched off: ${row.product_key} is not on sale.`,
    data: { product: row.product_key, reason },
  });
  return false;
}
