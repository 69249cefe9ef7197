/** What the life of an invoice does to the credits of the period that it opened: paid grants them, credited takes them back, voided ends them. */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { decimal, ZERO } from "../money/decimal.ts";
import type { Instant } from "../time/instant.ts";
import { grantLevels } from "./claim-plan-credits.ts";
import { findRunningEnd, findWaitingOpenings, lockPlanCreditsOf, type PlanCreditRow, updatePlanCredits } from "./plan-credit-store.ts";
import { revokedShare } from "./purchase.ts";
import { revoke } from "./revoke.ts";

/** Reaction to `invoice.paid`, also of one that failed first. What was paid as it was issued has waited for nothing. */
export async function grantPaidPeriod(tx: Tx, event: AppendedEvent): Promise<void> {
  const { invoice, subscription, at_issue: atIssue } = event.data as { invoice: string; subscription: string | null; at_issue?: boolean };
  if (atIssue || subscription === null || event.tenantId === null) return;
  const waiting = (await lockPlanCreditsOf(tx, invoice, event.tenantId)).filter((row) => row.status === "waiting");
  if (waiting.length === 0) return;
  const ready: PlanCreditRow[] = [];
  const ends = new Map<string, Instant>();
  for (const row of waiting) {
    const opening = row.cause === "opening" ? undefined : await unpaidOpening(tx, row, waiting);
    if (opening) {
      // The change is paid, the period that it changed is not: it waits on.
      await updatePlanCredits(tx, [{ ...row, invoice_id: opening.invoice_id }]);
      continue;
    }
    const level = decimal(row.level).minus(revokedShare(decimal(row.level), row.credited, row.invoice_total ?? 0n));
    const end = row.period_end > tx.now ? row.period_end : await findRunningEnd(tx, row.tenant_id, row.subject, tx.now);
    if (level.lte(ZERO) || (end === null && !row.rollover)) {
      await updatePlanCredits(tx, [{ ...row, status: "lapsed" }]);
      continue;
    }
    // Paid after its period was over: it lasts as long as the one that runs now.
    if (end !== null) ends.set(row.id, end);
    ready.push({ ...row, level: level.toFixed() });
  }
  await grantLevels(tx, ready, { ends });
}

async function unpaidOpening(tx: Tx, row: PlanCreditRow, paidNow: readonly PlanCreditRow[]): Promise<PlanCreditRow | undefined> {
  const openings = await findWaitingOpenings(tx, [{ tenantId: row.tenant_id, subject: row.subject, start: row.period_start }]);
  return openings.find((one) => paidNow.every((other) => other.id !== one.id));
}

/** Reaction to `invoice.credited`: as large a part as of the invoice, as far as it is left. */
export async function takeBackPeriod(tx: Tx, event: AppendedEvent): Promise<void> {
  const data = event.data as { invoice: string; subscription: string | null; total: bigint; credit_note: string };
  if (data.subscription === null || event.tenantId === null) return;
  for (const row of await lockPlanCreditsOf(tx, data.invoice, event.tenantId)) {
    const credited = row.credited + data.total;
    const before = decimal(row.revoked);
    const share = row.status === "granted" ? revokedShare(decimal(row.granted), credited, row.invoice_total ?? 0n) : before;
    // The end of a subscription that pays its unused time back has taken all before its credit notes come.
    const revoked = share.gt(before) ? share : before;
    const due = revoked.minus(before);
    const origin = `credit note ${data.credit_note} ${row.id}`;
    const { taken } =
      row.grant_id === null || due.lte(ZERO)
        ? { taken: ZERO }
        : await revoke(tx, { tenantId: row.tenant_id, grantId: row.grant_id, amount: due, origin, reason: "refunded" });
    await updatePlanCredits(tx, [
      { ...row, credited, revoked: revoked.toFixed(), taken_back: decimal(row.taken_back).plus(taken).toFixed() },
    ]);
  }
}

/** Reaction to `invoice.voided`: what waited for it will not come. */
export async function lapsePeriod(tx: Tx, event: AppendedEvent): Promise<void> {
  const { invoice, subscription } = event.data as { invoice: string; subscription: string | null };
  if (subscription === null || event.tenantId === null) return;
  const waiting = (await lockPlanCreditsOf(tx, invoice, event.tenantId)).filter((row) => row.status === "waiting");
  await updatePlanCredits(
    tx,
    waiting.map((row) => ({ ...row, status: "lapsed" as const })),
  );
}
