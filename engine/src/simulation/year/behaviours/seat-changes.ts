/** People join and leave: seats go up more often than down. */
import { monthly, type Visit } from "../visit.ts";

export async function changeSeats(visit: Visit): Promise<void> {
  const { subscription } = visit.standing;
  if (subscription === null || (subscription.status !== "active" && subscription.status !== "past_due")) return;
  if (subscription.plan.startsWith("solo")) return;
  const random = visit.random("seats");
  if (!monthly(visit, random, 0.18)) return;
  const seats = random.chance(0.68) ? subscription.seats + random.whole(1, 3) : Math.max(1, subscription.seats - random.whole(1, 2));
  if (seats === subscription.seats) return;
  await visit.own("PATCH", "/subscription", { seats, proration: random.chance(0.6) ? "invoice_now" : "next_invoice" });
  await visit.reload();
}
