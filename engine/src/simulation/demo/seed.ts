/**
 * Fills an empty sandbox with a month of business, through the API. The demo's clock is the memory of how far it came:
 * whatever was interrupted between two stops is done again, and what was done before is recognised (tenants and catalog by
 * their keys, subscriptions by being there, events by their idempotency keys).
 */
import { formatInstant, type Instant, parseInstant } from "../../billing/time/instant.ts";
import { type Answer, type Api, listAll } from "./api.ts";
import catalog from "./catalog.ts";
import { COMPANIES, type Company } from "./companies.ts";
import { spendCredits } from "./credits.ts";
import { clockName, type DemoMonth, demoMonthBefore, joinedAt, monthOfClock, stopsOf } from "./month.ts";
import { type DemoEvent, sentBetween } from "./usage-pattern.ts";

// Some 400 KB of JSON a request.
const BATCH = 2_000;

export interface Demo {
  clockId: string;
  month: DemoMonth;
  now: Instant;
}

export interface SeedWatcher {
  onStage(text: string): void;
  /** `share` goes from 0 to 1. */
  onUsage(at: Instant, share: number, accepted: number): void;
  /** True: stop at the next chance. */
  stopped(): boolean;
}

export interface Seeded {
  accepted: number;
  duplicates: number;
  finished: boolean;
}

/** The demo of this database; null where there is none yet. */
export async function findDemo(api: Api): Promise<Demo | null> {
  for (const clock of await listAll(api, "/v1/test-clocks")) {
    const month = monthOfClock(clock.name);
    if (month) return { clockId: clock.id, month, now: parseInstant(clock.now)! };
  }
  return null;
}

/** Whether somebody else's catalog is here: then the demo keeps its hands off. */
export async function isInUse(api: Api): Promise<boolean> {
  const { plans = [], meters = [] } = await api.get("/v1/catalog");
  return plans.length > 0 || meters.length > 0;
}

/** Makes the demo's clock first: from then on the database is the demo's. */
export async function beginDemo(api: Api, now: Instant): Promise<Demo> {
  const month = demoMonthBefore(now);
  const clock = await api.post("/v1/test-clocks", { name: clockName(month), now: formatInstant(month.start) });
  return { clockId: clock.id, month, now: month.start };
}

export async function seedDemo(api: Api, demo: Demo, watcher: SeedWatcher): Promise<Seeded> {
  const { month } = demo;
  const seeded: Seeded = { accepted: 0, duplicates: 0, finished: false };
  if (demo.now >= month.done) return { ...seeded, finished: true };
  if (demo.now === month.start) {
    watcher.onStage("Declaring the catalog: 5 plans, 7 meters, 5 currencies");
    await api.put("/v1/catalog", catalog);
    watcher.onStage(`Signing up ${COMPANIES.length} tenants`);
    for (const company of COMPANIES) await signUp(api, demo, company);
  }
  // In the east the month begins before it does in UTC.
  let from = Math.min(...COMPANIES.map((company) => joinedAt(company, month)));
  for (const to of stopsOf(month)) {
    if (watcher.stopped()) return seeded;
    // Just before the stop: what falls due at it waits until the events before it are in.
    if (to - 1 >= demo.now) await step(api, demo, from, to, seeded);
    watcher.onUsage(to, (to - month.start) / (month.done - month.start), seeded.accepted);
    from = to;
  }
  await advance(api, demo, month.done);
  return { ...seeded, finished: true };
}

async function step(api: Api, demo: Demo, from: Instant, to: Instant, seeded: Seeded): Promise<void> {
  await advance(api, demo, to - 1);
  for (const company of COMPANIES) {
    const at = joinedAt(company, demo.month);
    if (at >= from && at < to) await subscribe(api, company, at);
  }
  const sent = COMPANIES.flatMap((company) => sentBetween(company, demo.month.start, joinedAt(company, demo.month), from, to));
  sent.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  for (let start = 0; start < sent.length; start += BATCH) await send(api, sent.slice(start, start + BATCH), seeded);
  await spendCredits(api, demo.month, to);
}

async function send(api: Api, events: DemoEvent[], seeded: Seeded): Promise<void> {
  const answer: Answer = await api.post("/v1/usage", events);
  seeded.accepted += answer.accepted;
  seeded.duplicates += answer.duplicates;
}

async function advance(api: Api, demo: Demo, to: Instant): Promise<void> {
  await api.post(`/v1/test-clocks/${demo.clockId}/advance`, { to: formatInstant(to) });
}

async function signUp(api: Api, demo: Demo, company: Company): Promise<void> {
  await api.put(`/v1/tenants/${company.id}`, {
    name: company.name,
    email: `hello@${company.id}.example`,
    billing_email: `accounts@${company.id}.example`,
    currency: company.currency,
    time_zone: company.timeZone,
    address: { country: company.country },
    test_clock: demo.clockId,
    metadata: { demo: "true" },
  });
  if (company.card === null || company.plan === null) return;
  const methods = await api.get(`/v1/tenants/${company.id}/payment-methods`);
  if (methods.items.length === 0) await api.post(`/v1/tenants/${company.id}/payment-methods/setup-intent`, { token: company.card });
}

async function subscribe(api: Api, company: Company, at: Instant): Promise<void> {
  if (company.plan === null) return;
  await api.post(
    `/v1/tenants/${company.id}/subscription`,
    {
      plan: company.plan,
      seats: company.seats,
      start_at: formatInstant(at),
      ...(company.joined === 1 ? {} : { alignment: "calendar" }),
      collection: company.card === null ? "send_invoice" : "charge_automatically",
    },
    ["already_subscribed"],
  );
}
