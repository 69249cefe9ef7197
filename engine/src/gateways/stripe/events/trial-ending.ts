/** A trial is about to end: the one thing that an event says and Stripe, asked, does not. */
import type { StripeReader } from "../event-reader.ts";
import { textIn } from "../objects.ts";
import { objectOf } from "../payload.ts";
import { report } from "../reports.ts";

export const trialEnding: StripeReader = {
  types: ["customer.subscription.trial_will_end"],
  read: (payload) => report({ subscription: textIn(objectOf(payload), "id"), trialEnding: true }),
};
