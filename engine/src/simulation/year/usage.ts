/** What customers send: documents as they come, a measure of the archive each night, some of it late and some of it twice. Pure. */
import { HOUR } from "../../billing/time/civil.ts";
import { formatInstant, type Instant } from "../../billing/time/instant.ts";
import { seeded } from "../random.ts";
import { type Customer, documentsOn } from "./customers.ts";

export interface SimulatedEvent {
  tenant_id: string;
  event: string;
  at: string;
  idempotency_key: string;
  properties: Record<string, number>;
}

// Of a thousand events, so many are sent a second time, and so many come hours or days late.
const RESENT = 0.006;
const LATE = 0.012;
const LATEST_HOURS = 25 * 24;

/** What a customer sends in [from, to), which lies within one day of the year. Late ones happened up to 25 days before. */
export function eventsBetween(seed: number, customer: Customer, since: Instant, day: number, from: Instant, to: Instant): SimulatedEvent[] {
  const random = seeded(`${seed} ${customer.id} usage ${from}`);
  const events: SimulatedEvent[] = [];
  const count = random.poisson((documentsOn(customer, day, from) * (to - from)) / (24 * HOUR));
  for (let i = 0; i < count; i++) {
    const at = from + random.whole(0, to - from - 1);
    const late = random.chance(LATE);
    const event = documentOf(customer, late ? Math.max(since, at - random.whole(1, LATEST_HOURS) * HOUR) : at, `${from}-${i}`, random);
    events.push(event);
    if (random.chance(RESENT)) events.push(event);
  }
  if (customer.plan === "business" && random.chance(0.3)) {
    const gigabytes = Math.round((3 + customer.documents + day / 30) * 100) / 100;
    events.push({ ...bare(customer, "archive_size", from, `${from}`), properties: { gigabytes } });
  }
  return events;
}

function documentOf(customer: Customer, at: Instant, key: string, random: ReturnType<typeof seeded>): SimulatedEvent {
  return { ...bare(customer, "document", at, key), properties: { pages: 1 + Math.min(400, Math.floor(random.heavy(6, 1))) } };
}

function bare(customer: Customer, event: string, at: Instant, key: string): Omit<SimulatedEvent, "properties"> {
  return { tenant_id: customer.id, event, at: formatInstant(at), idempotency_key: key };
}
