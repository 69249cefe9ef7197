/** Records usage: checks it, joins its neighbours in flight, and answers once it is durable. */
import type { Principal } from "../../auth/principal.ts";
import type { Context } from "../../context.ts";
import { type Database, onPlatform, onPool } from "../../db/pool.ts";
import { invalidField, Refusal } from "../../errors.ts";
import type { Meter } from "../catalog/meter.ts";
import { markMetersUsed } from "../catalog/store.ts";
import type { TenantRef } from "../tenants/cache.ts";
import type { Instant } from "../time/instant.ts";
import { burns } from "./burner.ts";
import { eventId, type Outcome, type RawEvent, type UsageEvent } from "./event.ts";
import { type Known, Lanes } from "./lanes.ts";
import { prepare } from "./prepare.ts";
import type { Sent } from "./queued-event.ts";
import { findConflicts, insertEvents } from "./store.ts";

export const MAX_BATCH = 10_000;
// Each attempt reads the catalog anew: more than a few mean that it changes without end.
const MAX_ATTEMPTS = 10;

export interface Usage {
  events: readonly RawEvent[];
  /** An array was sent, if only of one. */
  batch: boolean;
  /** What the caller calls our fields, where it is something else. */
  names?: Readonly<Record<string, string>>;
  /** Of what has waited in a queue, when it was taken in; one an event. */
  sent?: readonly (Sent | null)[];
}

/** A key of the whole request stands for the events that have none, so that sending it again counts nothing twice. */
export function withKey(usage: Usage, key: string | string[] | undefined): Usage {
  if (key === undefined) return usage;
  const keyOf = (i: number) => (usage.batch ? `${String(key)}:${i}` : key);
  const events = usage.events.map((event, i) =>
    event !== null && typeof event === "object" && event.idempotency_key === undefined ? { ...event, idempotency_key: keyOf(i) } : event,
  );
  return { ...usage, events };
}

/** Checks events as `ingest` does, and stores nothing. */
export async function examine(ctx: Context, principal: Principal, usage: Usage): Promise<UsageEvent[]> {
  refuseTooMany(usage);
  const tenants = await writableTenants(ctx, principal, usage.events);
  const around = { tenants, nowOf: await clocksOf(ctx, tenants), limits: ctx.config.usage, ...usage };
  try {
    return prepare(usage.events, { catalog: await ctx.catalog.current(), ...around });
  } catch {
    // A catalog that is a moment old refuses nothing that the present one takes.
    return prepare(usage.events, { catalog: await ctx.catalog.current({ fresh: true }), ...around });
  }
}

function refuseTooMany({ events }: Usage): void {
  if (events.length > MAX_BATCH) throw invalidField("", `must have at most ${MAX_BATCH} events, but has ${events.length}`);
}

/** One outcome an event, in order. All are stored or, refused by what it throws, none. */
export async function ingest(ctx: Context, principal: Principal, usage: Usage): Promise<Outcome[]> {
  refuseTooMany(usage);
  if (usage.events.length === 0) return [];
  const tenants = await writableTenants(ctx, principal, usage.events);
  const nowOf = await clocksOf(ctx, tenants);
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const catalog = await ctx.catalog.current({ fresh: attempt > 1 });
    const events = prepare(usage.events, { catalog, tenants, nowOf, limits: ctx.config.usage, ...usage });
    await fixMeters(
      ctx,
      events.flatMap(({ readings }) => readings.map(({ meter }) => meter)),
    );
    const known = burns(catalog, events)
      ? await ctx.usageBurner.store(principal, { catalog, events, batch: usage.batch })
      : await lanesOf(ctx).submit(catalog.revision, events);
    if (known) {
      ctx.metrics.usage.add(ACCEPTED, events.length - known.size);
      if (known.size > 0) ctx.metrics.usage.add(DUPLICATE, known.size);
      return events.map((event, i) => outcomeOf(event, known, i));
    }
  }
  throw new Refusal("unavailable", "The catalog changes too often just now; nothing was stored. Try again.");
}

const ACCEPTED = ["accepted"];
const DUPLICATE = ["duplicate"];

function outcomeOf(event: UsageEvent, known: Known, place: number): Outcome {
  const before = known.get(place);
  return {
    id: eventId(event.identity),
    status: before ? "duplicate" : "accepted",
    conflict: before?.conflict ?? false,
    unmatched: event.readings.length === 0,
  };
}

async function writableTenants(ctx: Context, principal: Principal, events: readonly RawEvent[]): Promise<Map<string, TenantRef>> {
  const ids = new Set<string>();
  for (const event of events) {
    const id = event?.tenant_id;
    if (typeof id === "string" && (principal.tenantId === null || principal.tenantId === id)) ids.add(id);
  }
  return ctx.tenants.findMany([...ids]);
}

/** `now` of each tenant; a test clock is asked once, however many tenants are on it. */
async function clocksOf(ctx: Context, tenants: ReadonlyMap<string, TenantRef>): Promise<(tenant: TenantRef) => Instant> {
  const system = ctx.clock.now();
  const nows = new Map<string | null, Instant>([[null, system]]);
  for (const tenant of tenants.values()) {
    if (!nows.has(tenant.testClockId)) nows.set(tenant.testClockId, await ctx.tenants.now(tenant));
  }
  return (tenant) => nows.get(tenant.testClockId)!;
}

const fixed = new WeakMap<Context["pool"], Set<number>>();

/** The first event that a meter reads fixes what it measures. Before the event is stored: a change in between makes the revision stale. */
export async function fixMeters(ctx: Context, meters: readonly Meter[]): Promise<void> {
  let done = fixed.get(ctx.pool);
  if (!done) {
    done = new Set();
    fixed.set(ctx.pool, done);
  }
  const nos = new Set<number>();
  for (const meter of meters) if (!meter.used && !done.has(meter.no)) nos.add(meter.no);
  if (nos.size === 0) return;
  await markMetersUsed(onPool(ctx.pool), [...nos], ctx.clock.now());
  for (const no of nos) done.add(no);
}

const lanes = new WeakMap<Context["pool"], Lanes>();

function lanesOf(ctx: Context): Lanes {
  let own = lanes.get(ctx.pool);
  if (!own) {
    // A flight has events of several callers, whoever of them set it off.
    const db = onPlatform(ctx.pool);
    own = new Lanes({
      insert: (revision, events) => insertWatched(ctx, db, revision, events),
      conflicts: (events) => findConflicts(db, events),
    });
    lanes.set(ctx.pool, own);
  }
  return own;
}

async function insertWatched(
  ctx: Context,
  db: Database,
  revision: bigint,
  events: readonly UsageEvent[],
): Promise<ReadonlySet<number> | null> {
  const storing = ctx.usageWatch.begin();
  try {
    const known = await insertEvents(db, revision, events);
    if (known) ctx.usageWatch.stored(storing, events, known);
    return known;
  } catch (error) {
    // A connection that was lost may have stored them.
    ctx.usageWatch.stored(null, events, NONE);
    throw error;
  }
}

const NONE: ReadonlySet<number> = new Set();
