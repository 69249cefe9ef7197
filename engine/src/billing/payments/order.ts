/** What an order is: what somebody may pay on a gateway's page, for exactly what an invoice owed when it was asked for. */
import type { Instant } from "../time/instant.ts";

export type OrderStatus = "requested" | "open" | "paid" | "failed";

const DAY = 86_400_000;
/** Gateways take late payments for some days; after this long nobody asks any more, though a webhook still counts. */
const ASKED_DAYS = 30;
/** An order that got no answer may still be on its way for this long; before, it is asked for by its receipt only. */
export const ANSWER_WAIT_MS = 60_000;

/** The receipt of the n-th order of an invoice: at most 40 characters, as Razorpay takes. */
export function receiptOf(invoiceId: string, earlier: number): string {
  return earlier === 0 ? invoiceId : `${invoiceId}-${earlier + 1}`;
}

/** When the gateway is asked about an order again; null: never. */
export function nextOrderAsk(createdAt: Instant, next: Instant): Instant | null {
  return next - createdAt > ASKED_DAYS * DAY ? null : next;
}
