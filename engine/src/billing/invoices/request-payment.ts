/** Asks for the payment of an invoice now, on request. What is asked for already and not yet sent is not asked for twice. */
import type { Tx } from "../../commit.ts";
import { invalidField, Refusal } from "../../errors.ts";
import { findMethod } from "../payments/method-store.ts";
import { requestPayments } from "../payments/request-payments.ts";
import { lastAttempts, lockInFlight, updateMethod } from "../payments/store.ts";
import { assertOwn, getInvoice } from "./find-invoice.ts";
import { assertMove } from "./invoice.ts";

export interface PayInput {
  invoiceId: string;
  tenantId: string;
  method?: string | undefined;
  /** A part of what is due; all of it if not said. */
  amountMinor?: bigint | undefined;
}

/** Answers the id of the attempt. */
export async function requestPayment(tx: Tx, input: PayInput): Promise<string> {
  const invoice = await getInvoice(tx, input.invoiceId, input.tenantId);
  assertOwn(invoice, "charged");
  if (invoice.status === "draft")
    throw new Refusal("invalid_state", "The invoice is a draft; finalize it first.", { extra: { state: "draft" } });
  assertMove(invoice.status, "paid");
  const method = input.method === undefined ? null : await findMethod(tx, input.tenantId, input.method);
  if (input.method !== undefined && method === null) throw invalidField("payment_method", "names no payment method of the tenant");
  const amount = input.amountMinor ?? invoice.amount_due;
  if (amount > invoice.amount_due) throw invalidField("amount", `is more than is due: ${invoice.amount_due}`);
  const running = await lockInFlight(tx, invoice.id, invoice.tenant_id);
  if (running) {
    // It waits for the person, who is there now: the same attempt is answered, with what it is confirmed with.
    if (
      running.status === "requires_action" &&
      running.amount === amount &&
      (method?.id ?? running.payment_method_id) === running.payment_method_id
    )
      return running.id;
    if (!running.untouched || running.amount !== amount)
      throw new Refusal("conflict", `A payment of this invoice is under way (${running.id}, ${running.status}); its outcome decides.`);
    if (method) await updateMethod(tx, running, method.id);
    return running.id;
  }
  const attempts = await lastAttempts(tx, [invoice]);
  const [id] = await requestPayments(tx, [
    {
      tenantId: invoice.tenant_id,
      testClockId: invoice.test_clock_id,
      invoiceId: invoice.id,
      gateway: method?.gateway ?? invoice.gateway,
      currency: invoice.currency,
      amountMinor: amount,
      attempt: (attempts.get(invoice.id) ?? 0) + 1,
      methodId: method?.id,
    },
  ]);
  return id!;
}
