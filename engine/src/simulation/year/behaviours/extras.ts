/** One-off lines: a training, a set-up, something given back by hand. */
import { monthly, type Visit } from "../visit.ts";

export async function billExtras(visit: Visit): Promise<void> {
  const { subscription } = visit.standing;
  if (subscription === null || subscription.status !== "active") return;
  const random = visit.random("extra");
  if (!monthly(visit, random, 0.02)) return;
  // About ten dollars in whatever currency.
  const unit = { usd: 1_000, eur: 900, gbp: 800, inr: 80_000, jpy: 1_500 }[visit.customer.currency] ?? 1_000;
  const own = random.chance(0.3);
  const amount = !own && random.chance(0.2) ? -unit : unit * random.whole(1, 12);
  await visit.own("POST", "/invoice-items", {
    description: amount < 0 ? "Rebate" : random.chance(0.5) ? "Training" : "Set-up",
    amount,
    invoice: own ? "own" : "next",
  });
  await visit.reload();
}
