/** Invoices that Stripe makes: the subscription of each is read anew, with all of its invoices. */
import type { StripeReader } from "../event-reader.ts";
import { optionalText } from "../objects.ts";
import { objectOf } from "../payload.ts";
import { report, subscriptionOf } from "../reports.ts";

export const invoice: StripeReader = {
  types: [
    "invoice.created",
    "invoice.finalized",
    "invoice.finalization_failed",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice.payment_failed",
    "invoice.payment_action_required",
    "invoice.updated",
    "invoice.sent",
    "invoice.overdue",
    "invoice.will_be_due",
    "invoice.voided",
    "invoice.marked_uncollectible",
    "invoice.deleted",
    // Of the invoice itself there is nothing yet, and it has no id.
    "invoice.upcoming",
  ],
  read(payload) {
    const object = objectOf(payload);
    const subscription = subscriptionOf(object);
    return subscription === null ? "The invoice is of no subscription." : report({ subscription, invoice: optionalText(object, "id") });
  },
};
