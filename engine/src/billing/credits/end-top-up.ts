/** How an automatic top-up ends: paid, or failed and tried again after a pause, until it is given up. */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import { type Became, noteOccurrence, settleOccurrence } from "./settle-occurrence.ts";
import { retryAt } from "./top-up.ts";
import { deleteRules, lockRule, type RuleRow, setTopUpsPaused, updateRule } from "./top-up-rule-store.ts";
import { deleteTopUp, endRun, findTopUp, type RunRow, type TopUpRow, updateTrouble } from "./top-up-store.ts";

/** Reaction to `invoice.paid`. */
export async function endTopUp(tx: Tx, event: AppendedEvent): Promise<void> {
  const about = saleOf(event);
  const run = about && (await endRun(tx, about.invoice, about.tenantId, "granted"));
  if (!run) return;
  if (run.rule_id !== null) {
    const became = { status: "purchased", invoice_id: run.invoice_id } as const;
    const rule = await lockRule(tx, run.tenant_id, run.rule_id);
    if (rule) await settleRun(tx, rule, run.occurrence_at!, became);
    // The rule was deleted while its purchase ran.
    else await noteOccurrence(tx, { id: run.rule_id, tenant_id: run.tenant_id }, run.occurrence_at!, became);
    return;
  }
  const row = await findTopUp(tx, run.tenant_id, true);
  if (row && row.failures > 0) await updateTrouble(tx, { ...row, failures: 0, retry_at: null });
}

/** Reaction to `invoice.voided`: a purchase that was not paid at once is called off. */
export async function failTopUp(tx: Tx, event: AppendedEvent): Promise<void> {
  const about = saleOf(event);
  const run = about && (await endRun(tx, about.invoice, about.tenantId, "failed"));
  if (!run) return;
  if (run.rule_id !== null) {
    const rule = await lockRule(tx, run.tenant_id, run.rule_id);
    if (rule) await failOccurrence(tx, rule, run);
    return;
  }
  const row = await findTopUp(tx, run.tenant_id, true);
  if (!row) return;
  const trouble = troubleOf(row, tx.now);
  await updateTrouble(tx, { ...row, ...trouble });
  tellFailure(tx, run, row, trouble);
}

/** Reaction to `tenant.erased`: nothing is bought or given for nobody. A purchase that runs is finished. */
export async function endTopUps(tx: Tx, event: AppendedEvent): Promise<void> {
  if (event.tenantId === null) return;
  await deleteTopUp(tx, event.tenantId);
  await deleteRules(tx, event.tenantId);
}

/** Reaction to `subscription.paused`: a pause stops charges (domain §5.7). */
export async function pauseTopUps(tx: Tx, event: AppendedEvent): Promise<void> {
  if (event.tenantId !== null) await setTopUpsPaused(tx, event.tenantId, true);
}

/** Reaction to what ends a pause: it goes on, or the subscription is over. */
export async function unpauseTopUps(tx: Tx, event: AppendedEvent): Promise<void> {
  if (event.tenantId !== null) await setTopUpsPaused(tx, event.tenantId, false);
}

async function settleRun(tx: Tx, rule: RuleRow, at: Instant, became: Became): Promise<RuleRow> {
  const tenant = await tx.ctx.tenants.find(rule.tenant_id);
  const moved = await settleOccurrence(tx, rule, { at, timeZone: tenant!.timeZone, became });
  if (moved.next_at !== null && moved.next_at <= tx.now) tx.enqueue({ name: "top-ups-due", key: "top-ups-due" });
  return moved;
}

/** The same occurrence is tried again; with the last failure it is given up, and the rule with it. */
async function failOccurrence(tx: Tx, rule: RuleRow, run: RunRow): Promise<void> {
  const trouble = troubleOf(rule, tx.now);
  const given = { status: "failed", reason: "payment_failed" } as const;
  const moved = trouble.retry_at === null ? await settleRun(tx, rule, run.occurrence_at!, given) : rule;
  await updateRule(tx, { ...moved, ...trouble });
  tellFailure(tx, run, rule, trouble);
}

type Trouble = Pick<TopUpRow, "enabled" | "disabled_reason" | "failures" | "retry_at">;

function troubleOf(row: Trouble, now: Instant): Trouble {
  const failures = row.failures + 1;
  const retry = retryAt(failures, now);
  const enabled = row.enabled && retry !== null;
  return { enabled, disabled_reason: row.enabled && !enabled ? "payment_failed" : row.disabled_reason, failures, retry_at: retry };
}

function tellFailure(tx: Tx, run: RunRow, row: TopUpRow | RuleRow, { enabled, disabled_reason, failures, retry_at: retry }: Trouble): void {
  const rule = "key" in row ? { rule: row.key, at: formatInstant(run.occurrence_at!) } : {};
  const data = {
    ...rule,
    invoice: run.invoice_id,
    product: row.product_key,
    failures,
    retry_at: retry === null ? null : formatInstant(retry),
  };
  tx.emit({
    type: "credits.top_up_failed",
    tenantId: row.tenant_id,
    subject: run.id,
    summary: retry === null ? "An automatic top-up failed." : `An automatic top-up failed; it is tried again at ${formatInstant(retry)}.`,
    data,
  });
  if (row.enabled && !enabled) {
    tx.emit({
      type: "credits.top_up_disabled",
      tenantId: row.tenant_id,
      subject: null,
      summary: `Automatic top-up was switched off: it failed ${failures} times in a row.`,
      data: { ...data, reason: disabled_reason },
    });
  }
}

function saleOf(event: AppendedEvent): { invoice: string; tenantId: string } | null {
  const { invoice, subscription } = event.data as { invoice: string; subscription: string | null };
  return subscription !== null || event.tenantId === null ? null : { invoice, tenantId: event.tenantId };
}
