/**
 * Takes the usage of subscriptions that Stripe runs into the outbox: what their plan's meters read of each event, under an identifier that
 * is the event's own. Writers are numbered before they commit, so what came in the last minutes is looked at again each time, and the place
 * up to which all is taken follows behind; the identifier keeps anything from being there twice.
 */
import type { Meter } from "../../billing/catalog/meter.ts";
import { readEvent } from "../../billing/usage/reading.ts";
import type { Context } from "../../context.ts";
import { onPlatform } from "../../db/pool.ts";
import {
  claimUsage,
  eventsAfter,
  insertMeterEvents,
  type MeterEvent,
  moveTaken,
  readSyncedMeters,
  type TakenEvent,
  type UsageLink,
} from "./meter-store.ts";

const AGAIN_MS = 30_000;
/** Longer than any statement of ingestion lives. */
const IN_FLIGHT_MS = 600_000;
const ENDED_MS = 3 * 86_400_000;
const SUBSCRIPTIONS = 50;
const EVENTS = 2_000;

/** What Stripe's meters can do: the others have no price there. */
const SENT = new Set(["count", "sum", "latest"]);

/** Answers how many are new in the outbox. */
export async function takeUsage(ctx: Context): Promise<number> {
  let taken = 0;
  for (;;) {
    const now = ctx.clock.now();
    const links = await claimUsage(ctx.pool, now, now + AGAIN_MS, now - ENDED_MS, SUBSCRIPTIONS);
    if (links.length === 0) return taken;
    const names = new Map([...(await readSyncedMeters(onPlatform(ctx.pool))), ...Object.entries(ctx.config.stripeMeters)]);
    for (const link of links) taken += await takeOf(ctx, link, names);
  }
}

async function takeOf(ctx: Context, link: UsageLink, names: ReadonlyMap<string, string>): Promise<number> {
  const meters = await metersOf(ctx, link, names);
  if (meters.length === 0) return 0;
  const db = onPlatform(ctx.pool);
  const now = ctx.clock.now();
  const events = [...new Set(meters.map(({ meter }) => meter.event))];
  let place = link;
  let settled = link.taken_to;
  let taken = 0;
  for (;;) {
    const found = await eventsAfter(ctx.pool, place, link.started_at, events, EVENTS);
    taken += await insertMeterEvents(
      db,
      link,
      found.flatMap((event) => readings(event, meters)),
      now,
    );
    for (const event of found) {
      if (event.received_at >= now - IN_FLIGHT_MS) break;
      settled = event.seq;
    }
    if (found.length < EVENTS) break;
    place = { ...place, taken_to: found.at(-1)!.seq };
  }
  if (settled > link.taken_to) await moveTaken(db, link, settled);
  return taken;
}

interface Sending {
  meter: Meter;
  name: string;
}

/** The meters that prices of its plan bill, with what they are called at Stripe. */
async function metersOf(ctx: Context, link: UsageLink, names: ReadonlyMap<string, string>): Promise<Sending[]> {
  const plan = await ctx.catalog.plan(link.plan_key, link.plan_version);
  const { meters } = await ctx.catalog.current();
  const keys = new Set(plan.pricesIn(link.currency).flatMap((price) => (price.meter === undefined ? [] : [price.meter])));
  return [...keys].flatMap((key) => {
    const [meter, name] = [meters.get(key), names.get(key)];
    if (meter && name !== undefined && SENT.has(meter.aggregation)) return [{ meter, name }];
    ctx.log.warn(
      { meter: key, subscription: link.subscription_id },
      "no meter at Stripe is known for it, or none can do the same: nothing is sent",
    );
    return [];
  });
}

function readings(event: TakenEvent, meters: readonly Sending[]): MeterEvent[] {
  return meters.flatMap(({ meter, name }) => {
    if (meter.event !== event.event) return [];
    const reading = readEvent(meter, event.amount, event.properties, () => undefined);
    if (!reading) return [];
    return [{ identifier: `${event.identity}-${meter.key}`, eventName: name, value: reading.value ?? "1", at: event.at }];
  });
}
