/** Acts on a fact, inside the write that also marks its event: through the same functions as every other report of the same thing. */
import { takeOrderPayment } from "../../billing/invoices/take-order-payment.ts";
import { recordRefund } from "../../billing/payments/record-refund.ts";
import type { Tx } from "../../commit.ts";
import type { Located } from "./locate.ts";

export async function apply(tx: Tx, located: Located): Promise<void> {
  if (located.kind === "mirrored") return;
  if (located.kind === "order_payment") return takeOrderPayment(tx, located.report);
  if (located.kind !== "refund") return located.apply(tx);
  const { refund, fact } = located;
  // Money that is not what was asked to be given back is not called given back: somebody has to look.
  if (fact.outcome.status === "succeeded" && (fact.amountMinor !== refund.amount || fact.currency !== refund.currency))
    throw new Error(
      `The refund ${refund.id} is over ${refund.amount} ${refund.currency}, but ${fact.amountMinor} ${fact.currency} were given back.`,
    );
  await recordRefund(tx, { refundId: refund.id, tenantId: refund.tenant_id, outcome: fact.outcome });
}
