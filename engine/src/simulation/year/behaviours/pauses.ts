/** Pauses: over the summer, until a date or until further notice. */
import { DAY } from "../../../billing/time/civil.ts";
import { formatInstant } from "../../../billing/time/instant.ts";
import { monthly, type Visit } from "../visit.ts";

export async function pauseOrResume(visit: Visit): Promise<void> {
  const { subscription } = visit.standing;
  if (subscription === null) return;
  const random = visit.random("pause");
  if (subscription.status === "paused") {
    if (subscription.cancelAt !== null) return;
    const chance = subscription.resumesAt === null ? 0.03 : 0.003;
    if (!random.chance(chance)) return;
    await visit.own("POST", "/subscription/resume");
    return visit.reload();
  }
  if (subscription.status !== "active" || subscription.cancelAt !== null) return;
  if (!monthly(visit, random, 0.012)) return;
  const until = visit.now + random.whole(10, 60) * DAY;
  await visit.own("POST", "/subscription/pause", random.chance(0.6) ? { resumes_at: formatInstant(until) } : {});
  await visit.reload();
}
