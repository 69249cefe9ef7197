/** Less is due than an attempt asks for: one that was not sent is withdrawn, and what is left is asked for in its place. */
import type { Tx } from "../../commit.ts";
import { Refusal } from "../../errors.ts";
import { requestPayments } from "../payments/request-payments.ts";
import { lastAttempts, lockInFlight, withdrawPayment } from "../payments/store.ts";
import type { InvoiceRow } from "./store.ts";

const CREDITED = { code: "credited", reason: "The invoice was credited before the payment was sent." };

/**
 * The new attempt takes the place of the old one, so that dunning goes on as if that had been over less: no retry is used up.
 * Throws `conflict` where the old one was sent and `wait` says so; else it runs on, and what it collects beyond `due` becomes balance.
 */
export async function lessenPayment(
  tx: Tx,
  invoice: InvoiceRow,
  due: bigint,
  { wait, because = CREDITED }: { wait: boolean; because?: { code: string; reason: string } },
): Promise<void> {
  const running = await lockInFlight(tx, invoice.id, invoice.tenant_id);
  if (!running || running.amount <= due) return;
  if (!running.untouched) {
    if (!wait) return;
    throw new Refusal("conflict", `A payment of the invoice is under way (${running.id}); wait for its outcome.`);
  }
  await withdrawPayment(tx, running, because.code, because.reason);
  if (due === 0n) return;
  const attempts = await lastAttempts(tx, [invoice]);
  await requestPayments(tx, [
    {
      tenantId: invoice.tenant_id,
      testClockId: invoice.test_clock_id,
      invoiceId: invoice.id,
      gateway: running.gateway,
      currency: invoice.currency,
      amountMinor: due,
      attempt: (attempts.get(invoice.id) ?? 0) + 1,
      methodId: running.payment_method_id ?? undefined,
    },
  ]);
}
