/**
 * Usage that costs credits: the events and what they consume are one write, so that neither is there without the other. An event
 * consumes once, by its identity. Where there are too few credits its meter decides: `reject` refuses all that was sent, `allow` takes what
 * is there and asks for nothing more, `bill` takes what is there and leaves the rest of the quantity to the plan's price.
 */
import type { Principal } from "../../auth/principal.ts";
import { commit, type Tx } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { Refusal } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { type Decimal, decimal, ZERO } from "../money/decimal.ts";
import type { BurningUsage, UsageBurner } from "../usage/burner.ts";
import { type Covered, insertCovered } from "../usage/covered-store.ts";
import type { UsageEvent } from "../usage/event.ts";
import type { Known } from "../usage/lanes.ts";
import { findConflicts, insertEvents } from "../usage/store.ts";
import { readStanding } from "./balance-store.ts";
import { consumePlaced } from "./consume-credits.ts";
import type { Placed } from "./consume-store.ts";
import { lockWallets } from "./store.ts";
import { burningCosts, coverOf, type UsageCost } from "./usage-cost.ts";

export function usageBurner(ctxOf: () => Context): UsageBurner {
  return {
    store: (principal: Principal, usage) => {
      const nows = new Set(usage.events.map((event) => event.receivedUs / 1_000));
      // Events of one clock are written at its instant; of several, each still counts by its own.
      const now = nows.size === 1 ? { now: [...nows][0]! } : {};
      return commit(ctxOf(), { principal, source: "api", ...now }, (tx) => storeBurning(tx, usage));
    },
  };
}

/** The action: null if the catalog has moved on and nothing was stored. */
export async function storeBurning(tx: Tx, { catalog, events, batch }: BurningUsage): Promise<Known | null> {
  const first = new Map<string, number>();
  for (const [place, event] of events.entries()) if (!first.has(event.identity)) first.set(event.identity, place);
  const places = [...first.values()];
  const stored = await insertEvents(
    tx,
    catalog.revision,
    places.map((place) => events[place]!),
  );
  if (stored === null) return null;
  const known = new Set([...stored].map((index) => places[index]!));
  const fresh = places.filter((place) => !known.has(place));
  await consumeFor(
    tx,
    fresh.map((place) => ({ place, event: events[place]! })),
    batch,
  );
  const repeated = [...events.keys()].filter((place) => known.has(place) || first.get(events[place]!.identity) !== place);
  if (repeated.length === 0) return new Map();
  const conflicts = await findConflicts(
    tx,
    repeated.map((place) => events[place]!),
  );
  return new Map(repeated.map((place, index) => [place, { conflict: conflicts.has(index) }]));
}

interface Fresh {
  place: number;
  event: UsageEvent;
}

interface Charge extends Fresh {
  cost: UsageCost;
  amount: Decimal;
}

async function consumeFor(tx: Tx, fresh: readonly Fresh[], batch: boolean): Promise<void> {
  const costs = fresh.flatMap((one) => burningCosts(one.event).map((cost) => ({ ...one, cost })));
  if (costs.length === 0) return;
  const balances = await balancesAt(
    tx,
    costs.map(({ event }) => event),
  );
  const charges: Charge[] = [];
  const covered: Covered[] = [];
  for (const one of costs) {
    const tenantId = one.event.tenant.id;
    const left = balances.get(tenantId) ?? ZERO;
    const { quantity, credits } = coverOf(one.cost, left);
    if (one.cost.overdraft === "reject" && credits.lt(one.cost.credits)) throw insufficient(one, left, batch);
    balances.set(tenantId, left.minus(credits));
    if (credits.gt(ZERO)) charges.push({ ...one, amount: credits });
    if (one.cost.overdraft === "bill" && quantity.gt(ZERO))
      covered.push({ event: one.event, meterNo: one.cost.meterNo, quantity: quantity.toFixed(), credits: credits.toFixed() });
  }
  await take(tx, charges);
  await insertCovered(tx, covered);
}

/** What each can spend by its own clock, under the lock of its wallet. */
async function balancesAt(tx: Tx, events: readonly UsageEvent[]): Promise<Map<string, Decimal>> {
  const tenants = new Map(events.map((event) => [event.tenant.id, event]));
  await lockWallets(tx, [...tenants.keys()]);
  const balances = new Map<string, Decimal>();
  for (const [now, group] of Map.groupBy(tenants.values(), (event) => event.receivedUs / 1_000)) {
    const rows = await readStanding(
      tx,
      group.map((event) => event.tenant.id),
      now,
    );
    for (const row of rows) balances.set(row.tenant_id, decimal(row.available));
  }
  return balances;
}

async function take(tx: Tx, charges: readonly Charge[]): Promise<void> {
  const placed = charges.map(
    ({ event, cost, amount }): Placed => ({
      id: newId("transaction"),
      now: event.receivedUs / 1_000,
      request: {
        tenantId: event.tenant.id,
        amount,
        byPlan: null,
        partial: false,
        eventName: event.event,
        quantity: cost.quantity,
        key: null,
        fingerprint: null,
      },
    }),
  );
  const outcomes = await consumePlaced(tx, placed);
  const refused = outcomes.find((one) => one.outcome !== "consumed");
  // The wallets are locked and were read: nothing of this write may stand if they hold something else.
  if (refused) throw new Error(`credits that were there could not be consumed: ${refused.outcome}`);
}

function insufficient({ place, event, cost }: Fresh & { cost: UsageCost }, available: Decimal, batch: boolean): Refusal {
  const message = `costs ${cost.credits.toFixed()} credits, and ${available.toFixed()} are there`;
  const fault = batch ? { index: place, path: `[${place}]`, message } : { path: "event", message };
  return new Refusal("insufficient_credits", `${fault.path}: ${message}. Nothing was stored.`, {
    faults: [fault],
    extra: { required: cost.credits, available, tenant_id: event.tenant.id },
  });
}
