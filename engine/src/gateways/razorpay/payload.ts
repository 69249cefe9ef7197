/** What every event of Razorpay's has: the objects that it is about, by their kinds. */
import { objectIn } from "./entities.ts";

/** The entity of this name in an event: `payload.payment.entity`. */
export function entityOf(event: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> {
  const payload = objectIn(event.payload, "payload");
  return objectIn(objectIn(payload[name], `payload.${name}`).entity, `payload.${name}.entity`);
}
