/** What is arranged for a subscription at Stripe: it is read anew. */
import type { StripeReader } from "../event-reader.ts";
import { idIn } from "../objects.ts";
import { objectOf } from "../payload.ts";
import { report } from "../reports.ts";

export const subscriptionSchedule: StripeReader = {
  types: [
    "subscription_schedule.aborted",
    "subscription_schedule.canceled",
    "subscription_schedule.completed",
    "subscription_schedule.created",
    "subscription_schedule.expiring",
    "subscription_schedule.released",
    "subscription_schedule.updated",
  ],
  read(payload) {
    const schedule = objectOf(payload);
    const subscription = idIn(schedule, "subscription") ?? idIn(schedule, "released_subscription");
    return subscription === null ? "The schedule has no subscription yet." : report({ subscription });
  },
};
