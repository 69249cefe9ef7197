/** The purchase of a top-up, by the stored payment method. The sale and the note that it runs are one write, and the index of runs lets one in. */
import type { Tx } from "../../commit.ts";
import { newId } from "../../ids.ts";
import type { MonthLimit } from "../credits/top-up.ts";
import { withinLimit } from "../credits/top-up.ts";
import { countRuns, insertRun } from "../credits/top-up-store.ts";
import { findDefaultMethod } from "../payments/method-store.ts";
import type { TenantRef } from "../tenants/cache.ts";
import type { Instant } from "../time/instant.ts";
import { windowAt } from "../time/window.ts";
import { offerPack } from "./offer-pack.ts";
import { type Pack, sellCredits } from "./sell-credits.ts";

export interface TopUpPurchase {
  tenant: TenantRef;
  pack: Pack;
  gateway: string;
  /** null: because little was left. */
  occurrence: { ruleId: string; at: Instant } | null;
}

export async function buyTopUp(tx: Tx, { tenant, pack, gateway, occurrence }: TopUpPurchase): Promise<void> {
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
    rule_id: occurrence?.ruleId ?? null,
    occurrence_at: occurrence?.at ?? null,
  };
  // Whoever came first has it: nothing of this write may stand.
  if (!(await insertRun(tx, run))) throw new Error(`a top-up of ${tenant.id} runs already`);
}

/** The end of the month whose limit the purchase would break; null: it stays within. */
export async function limitedUntil(tx: Tx, limit: MonthLimit, purchase: TopUpPurchase): Promise<Instant | null> {
  const { tenant, occurrence } = purchase;
  const month = windowAt("month", tenant.timeZone, tx.now, null);
  const amount = await offerPack(tx.ctx, tx, purchase);
  const done = await countRuns(tx, tenant.id, month.start, occurrence?.ruleId ?? null);
  return withinLimit(limit, done, amount) ? null : month.end;
}
