/** The one way in for what became of an attempt: errand, webhook, poller and return page all end here, once. */
import type { Tx } from "../../commit.ts";
import { formatMinor } from "../money/currency.ts";
import { nextAsk } from "./checkout.ts";
import type { ChargeOutcome } from "./gateway.ts";
import { advances } from "./payment.ts";
import { lockPayment, updateOutcome } from "./store.ts";

export async function recordOutcome(tx: Tx, input: { paymentId: string; tenantId: string; outcome: ChargeOutcome }): Promise<void> {
  const row = await lockPayment(tx, input.paymentId, input.tenantId);
  if (!row) throw new Error(`outcome of the unknown payment ${input.paymentId}`);
  const outcome = refuseOtherCurrency(input.outcome, row.currency);
  if (!advances(row.status, outcome.status)) return;
  const settled = outcome.status === "succeeded" || outcome.status === "failed";
  await updateOutcome(tx, row, {
    status: outcome.status,
    reference: "reference" in outcome ? outcome.reference : null,
    received: outcome.status === "succeeded" ? outcome.amountMinor : 0n,
    code: outcome.status === "failed" ? outcome.code : null,
    reason: "reason" in outcome ? outcome.reason : null,
    actionUrl: outcome.status === "requires_action" ? outcome.url : null,
    // What a person or a bank has yet to do is asked about, should nobody tell.
    askAt: outcome.status === "requires_action" || outcome.status === "pending" ? nextAsk(0, tx.ctx.clock.now()) : null,
    settledAt: settled ? tx.now : null,
  });
  const about = { tenantId: row.tenant_id, subject: row.id };
  const data = {
    payment: row.id,
    invoice: row.invoice_id,
    gateway: row.gateway,
    currency: row.currency,
    ...(row.order_id === null ? {} : { order: row.order_id }),
  };
  if (outcome.status === "succeeded") announceSuccess(tx, row, outcome.amountMinor);
  if (outcome.status === "requires_action") {
    tx.emit({
      type: "payment.requires_action",
      ...about,
      summary: `A payment of ${formatMinor(row.amount, row.currency)} waits for the payer to confirm it.`,
      data: { ...data, amount: row.amount },
    });
  }
  if (outcome.status === "failed") {
    tx.emit({
      type: "payment.failed",
      ...about,
      summary: `A payment of ${formatMinor(row.amount, row.currency)} failed: ${outcome.reason}`,
      data: { ...data, amount: row.amount, code: outcome.code, reason: outcome.reason },
    });
  }
}

/** Says that money came: what settles the invoice, whoever brought it, waits for this. */
export function announceSuccess(
  tx: Tx,
  row: { id: string; tenant_id: string; invoice_id: string | null; gateway: string; currency: string; order_id?: string | null },
  received: bigint,
): void {
  tx.emit({
    type: "payment.succeeded",
    tenantId: row.tenant_id,
    subject: row.id,
    summary: `A payment of ${formatMinor(received, row.currency)} succeeded.`,
    data: {
      payment: row.id,
      invoice: row.invoice_id,
      gateway: row.gateway,
      currency: row.currency,
      ...(row.order_id == null ? {} : { order: row.order_id }),
      amount: received,
    },
  });
}

// Money of another currency settles nothing (domain §8.3): the attempt fails, flagged by its code.
function refuseOtherCurrency(outcome: ChargeOutcome, currency: string): ChargeOutcome {
  if (outcome.status !== "succeeded" || outcome.currency === currency) return outcome;
  return {
    status: "failed",
    reference: outcome.reference,
    code: "currency_mismatch",
    reason: `The gateway captured ${outcome.currency}, but ${currency} was asked.`,
  };
}
