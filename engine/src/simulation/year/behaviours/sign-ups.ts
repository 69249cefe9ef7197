/** Signing up: the tenant, its card, its subscription; and coming back some weeks after an end. */
import { DAY, HOUR } from "../../../billing/time/civil.ts";
import { formatInstant } from "../../../billing/time/instant.ts";
import type { Visit } from "../visit.ts";

const GOOD_CARDS = ["tok_visa", "tok_visa", "tok_mastercard", "tok_amex"];
// A few can be charged, but not be given back to.
const SELDOM = "tok_refund_fails";

export async function signUp(visit: Visit): Promise<void> {
  const { customer, standing, day } = visit;
  if (day === customer.signsUpOn) return arrive(visit);
  const { subscription } = standing;
  if (subscription === null || subscription.endedAt === null) return;
  const random = visit.random("return");
  if (visit.now - subscription.endedAt < 20 * DAY || !random.chance(0.004)) return;
  await card(visit, random.pick(GOOD_CARDS));
  await start(visit, random.chance(0.7) ? subscription.plan : "solo", random);
}

async function arrive(visit: Visit): Promise<void> {
  const { customer, clockId } = visit;
  await visit.own("PUT", "", {
    name: customer.name,
    email: `hello@${customer.id}.example`,
    currency: customer.currency,
    time_zone: customer.timeZone,
    address: { country: customer.country, ...(customer.region === null ? {} : { state: customer.region }) },
    ...(customer.taxId === null ? {} : { tax_id: customer.taxId }),
    test_clock: clockId,
    metadata: { simulated: "true" },
  });
  if (customer.plan === null) return visit.reload();
  const random = visit.random("sign up");
  // One in thirty begins with a card that is refused from the start.
  const refused = random.chance(1 / 30) && customer.collection === "charge_automatically";
  await card(visit, refused ? "tok_declined" : random.chance(0.02) ? SELDOM : random.pick(GOOD_CARDS));
  await start(visit, customer.plan, random);
}

async function card(visit: Visit, token: string): Promise<void> {
  await visit.own("POST", "/payment-methods/setup-intent", { token });
}

async function start(visit: Visit, plan: string, random: ReturnType<Visit["random"]>): Promise<void> {
  const { customer, now } = visit;
  const since = random.next();
  await visit.own("POST", "/subscription", {
    plan,
    seats: customer.seats,
    alignment: customer.alignment,
    collection: customer.collection,
    // Some were promised that it counts from last week, some begin on a day to come.
    ...(since < 0.04 ? { start_at: formatInstant(now - random.whole(1, 9) * DAY) } : {}),
    ...(since > 0.95 ? { start_at: formatInstant(now + random.whole(1, 12) * DAY + random.whole(0, 9) * HOUR) } : {}),
    ...(random.chance(0.04) ? { auto_renew: false } : {}),
    ...(customer.coupon === null || visit.standing.subscription !== null ? {} : { coupon: customer.coupon }),
  });
  await visit.reload();
}
