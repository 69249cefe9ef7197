/** Going up as one grows, going down when money is short, and changing the mind about it. */
import { monthly, type Visit } from "../visit.ts";

const UP: Readonly<Record<string, readonly string[]>> = {
  solo: ["team_monthly", "team_monthly", "team_yearly"],
  solo_weekly: ["solo", "team_monthly"],
  team_monthly: ["business", "team_yearly", "team_yearly", "team_quarterly"],
  team_quarterly: ["team_yearly"],
};
const DOWN: Readonly<Record<string, readonly string[]>> = {
  business: ["team_monthly"],
  team_monthly: ["solo"],
  team_quarterly: ["team_monthly"],
  team_yearly: ["team_monthly"],
};
const NARROW = new Set(["business", "solo_weekly"]);

export async function changePlans(visit: Visit): Promise<void> {
  const { subscription } = visit.standing;
  if (
    subscription === null ||
    (subscription.status !== "active" && subscription.status !== "past_due" && subscription.status !== "trialing")
  )
    return;
  const random = visit.random("plan");
  if (subscription.scheduled) {
    if (random.chance(0.01)) await revoke(visit);
    return;
  }
  if (subscription.cancelAt !== null || !subscription.autoRenew) return;
  const up = monthly(visit, random, 0.025);
  if (!up && !monthly(visit, random, 0.012)) return;
  const sold = (plan: string) => !NARROW.has(plan) || visit.customer.currency === "usd" || visit.customer.currency === "eur";
  const plans = ((up ? UP : DOWN)[subscription.plan] ?? []).filter(sold);
  if (plans.length === 0) return;
  const when = random.next();
  await visit.own("POST", "/subscription/plan", {
    plan: random.pick(plans),
    when: when < 0.2 ? "auto" : when < (up ? 0.9 : 0.4) ? "now" : "period_end",
    proration: random.chance(0.7) ? "invoice_now" : random.chance(0.8) ? "next_invoice" : "none",
    ...(up && random.chance(0.4) ? { seats: subscription.seats + random.whole(1, 4) } : {}),
  });
  await visit.reload();
}

async function revoke(visit: Visit): Promise<void> {
  await visit.own("POST", "/subscription/revoke-cancellation");
  await visit.reload();
}
