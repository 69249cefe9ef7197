/** Ends a subscription at once: the last invoice has what was used and not billed; credit notes give back what was paid if asked to. */
import type { Tx } from "../../commit.ts";
import { creditUnused } from "../invoices/credit-unused.ts";
import { issueInvoices } from "../invoices/issue.ts";
import { type BillingRequest, prepareInvoices } from "../invoices/prepare.ts";
import { replaceSegments } from "../invoices/segment-store.ts";
import type { Instant } from "../time/instant.ts";
import { cutPeriod } from "./cut-period.ts";
import { isTrialPeriod, pauseOf } from "./cycle.ts";
import { lateCloseAt } from "./late-close.ts";
import { deleteTrial, type SubscriptionRow, saveSubscription } from "./store.ts";
import { assertMove } from "./subscription.ts";
import { sayUnserved, unservedUsage } from "./unserved-usage.ts";

export interface EndInput {
  status: "canceled" | "expired";
  at: Instant;
  reason: string | null;
  refundUnused: boolean;
  /** Why it ends, where nobody asked for it; and what else the event says of that. */
  cause?: { summary: string; data: Record<string, unknown> };
}

export async function endSubscription(tx: Tx, row: SubscriptionRow, input: EndInput): Promise<SubscriptionRow> {
  assertMove(row.status, input.status);
  // Nothing of a trial is billed, nor of what never began; a pause has ended what was served.
  const billed = row.status !== "incomplete" && !isTrialPeriod(row);
  const pausedAt = pauseOf(row)?.pausedAt ?? input.at;
  const at = Math.min(pausedAt, row.current_period_end);
  const cut = billed ? await cutPeriod(tx.ctx, tx, row, { at, credit: input.refundUnused, next: null }) : null;
  const requests = cut?.requests ?? [];
  const next: SubscriptionRow = {
    ...row,
    status: input.status,
    canceled_at: row.canceled_at ?? (input.status === "canceled" ? tx.now : null),
    cancel_reason: input.reason ?? row.cancel_reason,
    ended_at: input.at,
    closed_until: at,
    pause: null,
    scheduled_change: null,
    grace_until: null,
    due_at: billed ? lateCloseAt(tx.ctx, { closed_until: at }) : null,
  };
  await saveSubscription(tx, next);
  const whose = { tenantId: row.tenant_id, subscriptionId: row.id };
  if (cut) await replaceSegments(tx, whose, row.current_period_start, cut.segments);
  if (row.status === "incomplete") await deleteTrial(tx, row);
  const unserved = sayUnserved(await unservedUsage(tx, row, { start: pausedAt, end: input.at }));
  const ended = input.status === "canceled" ? "The subscription was canceled." : "The subscription ended before it began.";
  tx.emit({
    type: input.status === "canceled" ? "subscription.canceled" : "subscription.expired",
    tenantId: row.tenant_id,
    subject: row.id,
    summary: (input.cause?.summary ?? ended) + unserved.words,
    data: {
      subscription: row.id,
      plan: row.plan_key,
      status: next.status,
      reason: next.cancel_reason,
      refund_unused: input.refundUnused,
      ...unserved.data,
      ...input.cause?.data,
    },
  });
  const last = await giveBack(tx, row, requests);
  await issueInvoices(
    tx,
    (await prepareInvoices(tx.ctx, tx, last)).filter((draft) => draft !== null),
  );
  return next;
}

/** Credit notes take what they can of the unused time off the last of the invoices. */
async function giveBack(tx: Tx, row: SubscriptionRow, requests: BillingRequest[]): Promise<BillingRequest[]> {
  const last = requests.at(-1);
  if (!last?.extra || last.extra.length === 0) return requests;
  const { lines, noted } = await creditUnused(tx, {
    tenantId: row.tenant_id,
    subscriptionId: row.id,
    period: { start: row.current_period_start, end: row.current_period_end },
    credits: last.extra,
  });
  return requests.with(-1, { ...last, extra: lines, noted });
}
