/** Subscriptions that Stripe runs: each is read anew. */
import type { StripeReader } from "../event-reader.ts";
import { textIn } from "../objects.ts";
import { objectOf } from "../payload.ts";
import { report } from "../reports.ts";

export const subscription: StripeReader = {
  types: [
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.subscription.pending_update_applied",
    "customer.subscription.pending_update_expired",
  ],
  read: (payload) => report({ subscription: textIn(objectOf(payload), "id") }),
};
