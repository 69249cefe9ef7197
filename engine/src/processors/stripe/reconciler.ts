/**
 * Asks Stripe about what never arrived: each subscription that runs there is read anew once in a while, the longest unread first. What
 * a lost webhook would have told is then taken over by the same steps.
 */
import type { Context } from "../../context.ts";
import { StripeRefusal } from "../../gateways/stripe/client.ts";
import { mirrorLink } from "./mirror.ts";
import type { StripeParts } from "./parts.ts";
import { claimStale } from "./store.ts";

/** Stripe itself tries a webhook for three days. */
const UNREAD_MS = 6 * 3_600_000;
const BATCH = 20;
/** So that a run does not hold a worker for long. */
const MOST = 200;

/** Answers how many were read. */
export async function askDue(ctx: Context, parts: StripeParts, unreadMs = UNREAD_MS): Promise<number> {
  let read = 0;
  while (read < MOST) {
    const now = ctx.clock.now();
    const links = await claimStale(ctx.pool, now - unreadMs, now, BATCH);
    for (const link of links) {
      try {
        await mirrorLink(ctx, parts, link);
      } catch (error) {
        // One that is not there, or cannot be read, does not keep the others from being looked at.
        ctx.log.warn({ err: error, subscription: link.subscription_id }, "a subscription could not be read at Stripe");
        if (!(error instanceof StripeRefusal)) return read;
      }
    }
    read += links.length;
    if (links.length < BATCH) return read;
  }
  return read;
}
