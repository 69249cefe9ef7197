/** Money that came on an order of a gateway, for the invoice that the order was made for: whoever reports it, it ends here, once. */
import type { Tx } from "../../commit.ts";
import { type OrderPaymentOutcome, recordOrderPayment } from "../payments/record-order.ts";
import { getInvoice } from "./find-invoice.ts";

export interface OrderPaymentReport {
  orderId: string;
  invoiceId: string;
  tenantId: string;
  /** The gateway's name of the order. */
  reference: string;
  outcome: OrderPaymentOutcome;
}

/** The invoice is locked first, as by everything that writes attempts of it. */
export async function takeOrderPayment(tx: Tx, input: OrderPaymentReport): Promise<void> {
  await getInvoice(tx, input.invoiceId, input.tenantId);
  await recordOrderPayment(tx, input);
}
