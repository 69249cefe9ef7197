/**
 * The errand of automatic top-up: finds who has too few credits, and sells to each by the stored payment method. The purchase and the
 * note that it runs are one write, and the index of runs lets one in; what is charged is then collected as any attempt is, once.
 */
import { ENGINE } from "../../auth/principal.ts";
import { commit, type Tx } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { newId } from "../../ids.ts";
import { readStanding } from "../credits/balance-store.ts";
import { lockWallets } from "../credits/store.ts";
import { creditsToBuy, packsFor, withinLimit } from "../credits/top-up.ts";
import { countRuns, findLow, findRunning, findTopUp, insertRun, type TopUpRow, updateTrouble } from "../credits/top-up-store.ts";
import { type Decimal, decimal, ZERO } from "../money/decimal.ts";
import { collectBy } from "../payments/collect-by.ts";
import { findDefaultMethod } from "../payments/method-store.ts";
import type { TenantRef } from "../tenants/cache.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import { windowAt } from "../time/window.ts";
import { offerPack } from "./offer-pack.ts";
import { type Pack, packOf, sellCredits } from "./sell-credits.ts";

const BATCH = 100;

/** Works until nobody is found any more. Answers how many purchases it began. */
export async function topUpDue(ctx: Context, input: { now: Instant; testClockId: string | null }): Promise<number> {
  const looked = new Set<string>();
  let begun = 0;
  for (;;) {
    const found = await findLow(onPool(ctx.pool), input.now, input.testClockId, BATCH);
    const fresh = found.filter((id) => !looked.has(id));
    if (fresh.length === 0) return begun;
    for (const id of fresh) {
      looked.add(id);
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
  if (!(await allowed(tx, tenant, row, pack, gateway))) return false;
  return buy(tx, tenant, pack, gateway);
}

async function buy(tx: Tx, tenant: TenantRef, pack: Pack, gateway: string): Promise<boolean> {
  const method = await findDefaultMethod(tx, tenant.id, gateway);
  const { invoice } = await sellCredits(tx, {
    tenant,
    pack,
    gateway: method?.gateway ?? gateway,
    collection: "charge_automatically",
    prepaid: false,
    origin: "top_up",
    checkoutId: null,
  });
  const run = {
    id: newId("topUp"),
    tenant_id: tenant.id,
    invoice_id: invoice.id,
    quantity: pack.quantity,
    amount: invoice.total,
    currency: invoice.currency,
    began_at: tx.now,
  };
  // Whoever came first has it: nothing of this write may stand.
  if (!(await insertRun(tx, run))) throw new Error(`a top-up of ${tenant.id} runs already`);
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
async function allowed(tx: Tx, tenant: TenantRef, row: TopUpRow, pack: Pack, gateway: string): Promise<boolean> {
  const month = windowAt("month", tenant.timeZone, tx.now, null);
  const limit = { count: row.month_count, amountMinor: row.month_amount };
  const amount = await offerPack(tx.ctx, tx, { tenant, pack, gateway });
  if (withinLimit(limit, await countRuns(tx, tenant.id, month.start), amount)) return true;
  await updateTrouble(tx, { ...row, retry_at: month.end });
  tx.emit({
    type: "credits.top_up_limited",
    tenantId: tenant.id,
    subject: null,
    summary: `Automatic top-up has reached its limit of the month; it goes on at ${formatInstant(month.end)}.`,
    data: { product: row.product_key, limit: { count: row.month_count, amount: row.month_amount }, retry_at: formatInstant(month.end) },
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
