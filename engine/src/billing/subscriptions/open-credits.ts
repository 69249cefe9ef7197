/** The credits that come with a plan: claimed as its periods open and as it changes; credits says what of it is granted, and when. */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { claimPlanCredits } from "../credits/claim-plan-credits.ts";
import { endRollOver, rollOver } from "../credits/roll-over.ts";
import { takeBackPlanCredits } from "../credits/take-back-plan.ts";
import type { InvoiceRow } from "../invoices/store.ts";
import { isTrialPeriod } from "./cycle.ts";
import { findById, type SubscriptionRow } from "./store.ts";

export interface Opened {
  row: SubscriptionRow;
  /** What opened it; null: nothing was to be billed. */
  invoice: InvoiceRow | null;
}

/** The current period of each has just begun. */
export async function openCredits(tx: Tx, opened: readonly Opened[]): Promise<void> {
  await rollOver(
    tx,
    opened.map(({ row }) => ({ tenantId: row.tenant_id, subject: row.id })),
  );
  await claim(tx, opened, () => "opening");
}

/** The plan changed within the current period. */
export async function changeCredits(tx: Tx, changed: Opened): Promise<void> {
  const owed = owedOn(changed.invoice);
  await claim(tx, [changed], ({ plan_key, plan_version }) => `change ${plan_key}@${plan_version}${owed ? ` ${owed.id}` : ""}`);
}

async function claim(tx: Tx, opened: readonly Opened[], causeOf: (row: SubscriptionRow) => string): Promise<void> {
  const claims = [];
  for (const { row, invoice } of opened) {
    const plan = await tx.ctx.catalog.plan(row.plan_key, row.plan_version);
    if (plan.credits === null) continue;
    claims.push({
      tenantId: row.tenant_id,
      subject: row.id,
      period: { start: row.current_period_start, end: row.current_period_end },
      cause: causeOf(row),
      plan,
      invoice: owedOn(invoice),
    });
  }
  await claimPlanCredits(tx, claims);
}

// Unpaid means not granted (domain §6.3); of what is paid already, or costs nothing, nothing is waited for.
function owedOn(invoice: InvoiceRow | null): { id: string; total: bigint } | null {
  return invoice !== null && invoice.amount_due > 0n ? { id: invoice.id, total: invoice.total } : null;
}

/**
 * Reaction to the end of a subscription. What was granted lasts to the end of what was paid for; where the unused time is paid
 * back, what is left of the credits is taken back with it.
 */
export async function endCredits(tx: Tx, event: AppendedEvent): Promise<void> {
  const { subscription: id, refund_unused: refunded, reason } = event.data as Record<string, unknown>;
  if (event.tenantId === null || typeof id !== "string") return;
  const row = await findById(tx, event.tenantId, id);
  if (!row) return;
  if (refunded === true && !isTrialPeriod(row)) {
    await takeBackPlanCredits(tx, { tenantId: row.tenant_id, subject: row.id });
    return;
  }
  await endRollOver(tx, { tenantId: row.tenant_id, subject: row.id }, reason === "payment_failed" ? tx.now : row.current_period_end);
}
