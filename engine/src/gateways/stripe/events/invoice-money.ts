/** What was paid of an invoice of Stripe's, or taken off it: that invoice's money is read anew, though it was over. */
import type { StripeReader } from "../event-reader.ts";
import { idIn } from "../objects.ts";
import { objectOf } from "../payload.ts";
import { report } from "../reports.ts";

export const invoiceMoney: StripeReader = {
  types: ["invoice_payment.paid", "credit_note.created", "credit_note.updated", "credit_note.voided"],
  read(payload) {
    const invoice = idIn(objectOf(payload), "invoice");
    return invoice === null ? "It is of no invoice." : report({ invoice, money: true });
  },
};
