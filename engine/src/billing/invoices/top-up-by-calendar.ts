/**
 * Top-ups by the calendar. Each occurrence is settled once, in order and however late: granted, bought, or skipped with a reason. A
 * purchase settles it when it is paid; until then the rule stands still, so that what follows waits its turn.
 */
import { ENGINE } from "../../auth/principal.ts";
import { commit, type Tx } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import type { CreditProduct } from "../catalog/credit-offer.ts";
import { readStanding } from "../credits/balance-store.ts";
import { grantCredits } from "../credits/grant-credits.ts";
import { type Became, scheduleOf, settleOccurrence } from "../credits/settle-occurrence.ts";
import { lockWallets } from "../credits/store.ts";
import { packsFor } from "../credits/top-up.ts";
import { creditsOf, occurrenceAfter, type SkipReason } from "../credits/top-up-rule.ts";
import { areTopUpsPaused, findDueRules, lockRule, type RuleRow, updateRule } from "../credits/top-up-rule-store.ts";
import { findRunning } from "../credits/top-up-store.ts";
import { type Decimal, decimal, ZERO } from "../money/decimal.ts";
import { collectBy } from "../payments/collect-by.ts";
import type { TenantRef } from "../tenants/cache.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import { buyTopUp, limitedUntil } from "./buy-top-up.ts";
import { packOf } from "./sell-credits.ts";

const BATCH = 100;

interface Due {
  tenant: TenantRef;
  rule: RuleRow;
  /** The occurrence. */
  at: Instant;
}

/** Works until nothing is due any more. Answers how many occurrences it settled or began to buy for. */
export async function calendarDue(ctx: Context, input: { now: Instant; testClockId: string | null }): Promise<number> {
  const looked: string[] = [];
  let done = 0;
  for (;;) {
    const found = await findDueRules(onPool(ctx.pool), { ...input, except: looked, limit: BATCH });
    if (found.length === 0) return done;
    for (const { id, tenant_id: tenantId } of found) {
      looked.push(id);
      done += await workOff(ctx, tenantId, id, input.now).catch((error: unknown) => {
        ctx.log.error({ err: error, tenant: tenantId, rule: id }, "a top-up by the calendar could not be made");
        return 0;
      });
    }
  }
}

/** The occurrences of one rule that are due: each its own write, until one is to be paid. */
async function workOff(ctx: Context, tenantId: string, id: string, now: Instant): Promise<number> {
  const tenant = await ctx.tenants.find(tenantId);
  if (!tenant) return 0;
  for (let done = 0; ; done++) {
    const step = await commit(ctx, { principal: ENGINE, now }, (tx) => next(tx, tenant, id));
    if (step === "begun") return done + 1;
    if (step === "nothing") return done;
  }
}

async function next(tx: Tx, tenant: TenantRef, id: string): Promise<"settled" | "begun" | "nothing"> {
  // The wallet first, as everywhere.
  await lockWallets(tx, [tenant.id]);
  const rule = await lockRule(tx, tenant.id, id);
  if (!rule?.enabled || rule.next_at === null || rule.next_at > tx.now || (rule.retry_at ?? tx.now) > tx.now) return "nothing";
  const due: Due = { tenant, rule, at: rule.next_at };
  if (await areTopUpsPaused(tx, tenant.id)) return skip(tx, due, "paused");
  const [standing] = await readStanding(tx, [tenant.id], tx.now);
  const balance = decimal(standing?.available ?? "0");
  return rule.product_key === null ? give(tx, due, balance) : purchase(tx, due, rule.product_key, balance);
}

async function give(tx: Tx, due: Due, balance: Decimal): Promise<"settled"> {
  const { tenant, rule, at } = due;
  const end = rule.expires ? occurrenceAfter({ ...scheduleOf(rule, tenant), endsAt: null }, at) : null;
  if (end !== null && end <= tx.now) return skip(tx, due, "late");
  const amount = creditsOf(
    { much: rule.amount === null ? null : decimal(rule.amount), target: rule.target === null ? null : decimal(rule.target) },
    balance,
  );
  if (amount.eq(ZERO)) return skip(tx, due, "target_reached");
  const { grant } = await grantCredits(tx, {
    tenantId: tenant.id,
    amount,
    source: rule.source,
    priority: rule.priority,
    expiresAt: end,
    reason: rule.reason ?? rule.key,
    reference: rule.id,
    origin: `top-up ${rule.id} ${formatInstant(at)}`,
  });
  return settle(tx, due, { status: "granted", grant_id: grant.id });
}

async function purchase(tx: Tx, due: Due, key: string, balance: Decimal): Promise<"settled" | "begun" | "nothing"> {
  const { tenant, rule, at } = due;
  if (await findRunning(tx, tenant.id)) return "nothing";
  const { creditProducts } = await tx.ctx.catalog.current();
  const product = creditProducts.get(key);
  if (!product || product.archived || !product.active) return switchOff(tx, due, key);
  const quantity = quantityOf(rule, product, balance);
  if (quantity === 0) return skip(tx, due, "target_reached");
  const gateway = await collectBy(tx, tenant.id);
  if (gateway === undefined) return "nothing";
  const sale = { tenant, pack: packOf(creditProducts, key, quantity), gateway, occurrence: { ruleId: rule.id, at } };
  const end = await limitedUntil(tx, { count: rule.month_count, amountMinor: rule.month_amount }, sale);
  if (end !== null) {
    tx.emit({
      type: "credits.top_up_limited",
      tenantId: tenant.id,
      subject: rule.id,
      summary: `The top-up ${rule.key} of ${formatInstant(at)} was skipped: its limit of the month is reached.`,
      data: { rule: rule.key, product: key, at: formatInstant(at), limit: { count: rule.month_count, amount: rule.month_amount } },
    });
    return skip(tx, due, "monthly_limit");
  }
  await buyTopUp(tx, sale);
  return "begun";
}

function quantityOf(rule: RuleRow, product: CreditProduct, balance: Decimal): number {
  const perPack = decimal(product.credits);
  const much = rule.quantity === null ? null : perPack.times(decimal(rule.quantity));
  return packsFor(creditsOf({ much, target: rule.target === null ? null : decimal(rule.target) }, balance), perPack);
}

async function settle(tx: Tx, { rule, tenant, at }: Due, became: Became): Promise<"settled"> {
  await settleOccurrence(tx, rule, { at, timeZone: tenant.timeZone, became });
  return "settled";
}

async function skip(tx: Tx, due: Due, reason: SkipReason): Promise<"settled"> {
  return settle(tx, due, { status: "skipped", reason });
}

async function switchOff(tx: Tx, { rule, tenant, at }: Due, product: string): Promise<"settled"> {
  const reason = "product_not_on_sale" satisfies SkipReason;
  const moved = await settleOccurrence(tx, rule, { at, timeZone: tenant.timeZone, became: { status: "failed", reason } });
  await updateRule(tx, { ...moved, enabled: false, disabled_reason: reason });
  tx.emit({
    type: "credits.top_up_disabled",
    tenantId: rule.tenant_id,
    subject: rule.id,
    summary: `The top-up ${rule.key} was switched off: ${product} is not on sale.`,
    data: { rule: rule.key, product, reason },
  });
  return "settled";
}
