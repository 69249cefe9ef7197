/**
 * The usage of the demo, as the customers' servers would send it: pure, seeded, hour by hour. The same hour always has the
 * same events under the same idempotency keys, so that a seeding that was interrupted can send an hour again.
 */
import { HOUR } from "../../billing/time/civil.ts";
import { formatInstant, type Instant } from "../../billing/time/instant.ts";
import { toWall } from "../../billing/time/zone.ts";
import { type Random, seeded } from "../random.ts";
import type { Company } from "./companies.ts";
import { grown, requestsIn } from "./rhythm.ts";

/** An event in the API's form. */
export interface DemoEvent {
  tenant_id: string;
  event: string;
  at: string;
  idempotency_key: string;
  amount?: number;
  properties?: Record<string, string | number>;
}

// Of a thousand events, so many are sent a second time by a client that saw no answer, and so many come hours or days late.
const RESENT = 0.005;
const LATE = 0.006;
const LATEST_HOURS = 60;

const MODELS = [
  { name: "sonata-large", share: 0.3, input: 3_800, output: 640 },
  { name: "sonata-mini", share: 0.7, input: 2_100, output: 310 },
] as const;

/** What a company sends in [from, to), in no particular order. Nothing happened before `since`. */
export function sentBetween(company: Company, monthStart: Instant, since: Instant, from: Instant, to: Instant): DemoEvent[] {
  const sent: DemoEvent[] = [];
  for (let hour = Math.floor(from / HOUR) * HOUR; hour < to; hour += HOUR) {
    for (const { at, event } of eventsOfHour(company, monthStart, hour)) if (at >= from && at < to && at >= since) sent.push(event);
    for (const { at, sentAt, event } of lateOfHour(company, monthStart, hour)) {
      if (sentAt >= from && sentAt < to && at >= since) sent.push(event);
    }
  }
  return sent;
}

function eventsOfHour(company: Company, monthStart: Instant, hour: Instant): { at: Instant; event: DemoEvent }[] {
  const random = seeded(`${company.id} hour ${hour}`);
  const requests = random.poisson(requestsIn(company, monthStart, hour));
  const made: { at: Instant; event: DemoEvent }[] = [];
  const add = (name: string, rest: Pick<DemoEvent, "amount" | "properties">) => {
    const at = hour + random.whole(0, HOUR - 1);
    const event = eventOf(company, name, at, made.length, rest);
    made.push({ at, event });
    if (random.chance(RESENT)) made.push({ at, event });
  };
  for (let i = 0; i < requests; i++) add("llm_request", { properties: request(company, random) });
  for (let i = random.poisson(requests * 0.03); i > 0; i--) add("image_render", { amount: random.whole(1, 4) });
  if (company.sells) {
    for (let i = random.poisson(requests * 0.02); i > 0; i--) add("agent_sale", { properties: { value: sale(company, random) } });
  }
  // Once a night its index is measured.
  if (company.requests > 0 && Math.floor(toWall(company.timeZone, hour) / HOUR) % 24 === 3) {
    const gigabytes = Math.round((company.requests / 6) * grown(company, monthStart, hour) * 1_000) / 1_000;
    add("index_size", { properties: { gigabytes } });
  }
  return made;
}

/** What a laptop that was closed, or a queue that was stuck, sends in this hour of the hours before. */
function lateOfHour(company: Company, monthStart: Instant, hour: Instant): { at: Instant; sentAt: Instant; event: DemoEvent }[] {
  const random = seeded(`${company.id} late ${hour}`);
  return Array.from({ length: random.poisson(requestsIn(company, monthStart, hour) * LATE) }, (_, index) => {
    const sentAt = hour + random.whole(0, HOUR - 1);
    const at = sentAt - Math.round(Math.min(random.heavy(5, 1), LATEST_HOURS) * HOUR);
    return {
      at,
      sentAt,
      event: eventOf(company, "llm_request", at, `late-${hour / HOUR}-${index}`, { properties: request(company, random) }),
    };
  });
}

function eventOf(company: Company, event: string, at: Instant, index: number | string, rest: Pick<DemoEvent, "amount" | "properties">) {
  return { tenant_id: company.id, event, at: formatInstant(at), idempotency_key: `${event}-${Math.floor(at / HOUR)}-${index}`, ...rest };
}

function request(company: Company, random: Random): Record<string, string | number> {
  const model = random.chance(MODELS[0].share) ? MODELS[0] : MODELS[1];
  return {
    model: model.name,
    input_tokens: Math.min(200_000, 20 + Math.round(random.heavy(model.input, 1.2))),
    output_tokens: Math.min(16_000, 1 + Math.round(random.heavy(model.output, 0.9))),
    user_id: user(company, random),
  };
}

// Some users are there all day, most are seen now and then.
function user(company: Company, random: Random): string {
  const users = company.rhythm === "consumer" ? company.requests * 6 : company.seats * 4 + 3;
  return `user_${1 + Math.floor(users * random.next() ** 2.5)}`;
}

// Minor units: some tens of dollars, or what that is in rupees.
function sale(company: Company, random: Random): number {
  return 50 + Math.round(random.heavy(company.currency === "inr" ? 180_000 : 2_400, 0.8));
}
