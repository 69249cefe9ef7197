/** Leaving: with the period, at once, by not renewing; and staying after all. */
import { monthly, type Visit } from "../visit.ts";

const REASONS = ["too expensive", "project ended", "went to another", "not used enough"];

export async function cancelOrStay(visit: Visit): Promise<void> {
  const { subscription } = visit.standing;
  if (subscription === null || subscription.endedAt !== null) return;
  const random = visit.random("cancel");
  if (!subscription.autoRenew && subscription.cancelAt === null) {
    if (!random.chance(0.015)) return;
    await visit.own("PATCH", "/subscription", { auto_renew: true });
    return visit.reload();
  }
  if (subscription.cancelAt !== null) {
    if (subscription.status === "paused" || !random.chance(0.012)) return;
    await visit.own("POST", "/subscription/revoke-cancellation");
    return visit.reload();
  }
  // Who owes already waits for the last retry; a trial that is not liked is left before it ends.
  if (subscription.status === "incomplete" || subscription.status === "past_due") return;
  if (!monthly(visit, random, subscription.status === "trialing" ? 0.5 : 0.022)) return;
  const how = random.next();
  if (how < 0.12 && subscription.status === "active") await visit.own("PATCH", "/subscription", { auto_renew: false });
  else if (how < 0.3)
    await visit.own("POST", "/subscription/cancel", { when: "now", refund_unused: random.chance(0.5), reason: random.pick(REASONS) });
  else await visit.own("POST", "/subscription/cancel", { when: "period_end", reason: random.pick(REASONS) });
  await visit.reload();
}
