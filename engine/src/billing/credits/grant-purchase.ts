/** What the life of an invoice does to the credits that it sold: paid grants them, once; credited takes them back; voided calls it off. */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { decimal, ZERO } from "../money/decimal.ts";
import { grantCredits } from "./grant-credits.ts";
import { revokedShare } from "./purchase.ts";
import { lockPurchaseOf, type PurchaseRow, updatePurchase } from "./purchase-store.ts";
import { revoke } from "./revoke.ts";

/** Only an invoice that sold credits grants any: paying another one never tops up the wallet. */
export async function grantPurchase(tx: Tx, event: AppendedEvent): Promise<void> {
  const row = await purchaseOf(tx, event);
  if (row?.status !== "open") return;
  // What credit notes took off before it was paid was never bought.
  const amount = decimal(row.credits).minus(revokedShare(decimal(row.credits), row.credited, row.total));
  if (amount.lte(ZERO)) {
    await updatePurchase(tx, { ...row, status: "canceled" });
    return;
  }
  const { grant } = await grantCredits(tx, {
    tenantId: row.tenant_id,
    amount,
    source: "purchase",
    priority: row.priority,
    reference: row.id,
    origin: `purchase ${row.id}`,
    reason: `${row.quantity} × ${row.product_key}`,
  });
  await updatePurchase(tx, { ...row, status: "granted", grant_id: grant.id, granted: amount.toFixed(), granted_at: tx.now });
}

/** Reaction to `invoice.credited`: as large a part as of the money, as far as it is left. */
export async function takeBackPurchase(tx: Tx, event: AppendedEvent): Promise<void> {
  const row = await purchaseOf(tx, event);
  if (!row) return;
  const { total, credit_note: note } = event.data as { total: bigint; credit_note: string };
  const credited = row.credited + total;
  if (row.status !== "granted") {
    await updatePurchase(tx, { ...row, credited });
    return;
  }
  const due = revokedShare(decimal(row.credits), credited, row.total);
  // Of what had been credited before it was paid, nothing was granted.
  const notGranted = decimal(row.credits).minus(decimal(row.granted));
  const revoked = due.minus(notGranted);
  const { taken } = await revoke(tx, {
    tenantId: row.tenant_id,
    grantId: row.grant_id!,
    amount: revoked.minus(decimal(row.revoked)),
    origin: `credit note ${note}`,
    reason: "refunded",
  });
  await updatePurchase(tx, { ...row, credited, revoked: revoked.toFixed(), taken_back: decimal(row.taken_back).plus(taken).toFixed() });
}

/** Reaction to `invoice.voided`. */
export async function cancelPurchase(tx: Tx, event: AppendedEvent): Promise<void> {
  const row = await purchaseOf(tx, event);
  if (row?.status === "open") await updatePurchase(tx, { ...row, status: "canceled" });
}

// What a subscription bills never sells packs, and an invoice run has none of them to look up.
async function purchaseOf(tx: Tx, event: AppendedEvent): Promise<PurchaseRow | null> {
  const { invoice, subscription } = event.data as { invoice: string; subscription: string | null };
  return subscription !== null || event.tenantId === null ? null : lockPurchaseOf(tx, invoice, event.tenantId);
}
