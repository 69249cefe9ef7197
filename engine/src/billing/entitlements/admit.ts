/**
 * Consumes for many callers in one transaction: each is decided in its turn by what was used before it, and those that may are
 * recorded together. Whoever else consumes of the same meter for the same tenant waits, in this process or another, so that a
 * hard limit is met exactly and never passed.
 */
import type { Tx } from "../../commit.ts";
import { invalidField, Refusal } from "../../errors.ts";
import { toJson } from "../../http/json.ts";
import type { CatalogSnapshot } from "../catalog/cache.ts";
import type { Meter } from "../catalog/meter.ts";
import { storeBurning } from "../credits/burn-usage.ts";
import { burns } from "../usage/burner.ts";
import { eventId, type UsageEvent } from "../usage/event.ts";
import { insertEvents } from "../usage/store.ts";
import type { Storing } from "../usage/watch.ts";
import { announceLimits } from "./announce.ts";
import { findConsumptions, insertConsumptions, type Turn, takeTurns, tryOut } from "./consume-store.ts";
import { type Ask, type Consumed, type Consumption, contentOf, denied, eventsOf, meterOf, quotaExceeded } from "./consumption.ts";
import { type Counted, decide, isAdditive, within } from "./decide.ts";
import type { Grant } from "./grant.ts";
import { countGrants, featureNotFound, type Given, givenAt } from "./read-account.ts";
import { readAccounts } from "./store.ts";

export type Outcome = Consumed | Refusal;

/** The catalog moved on while it was decided; nothing was stored. */
export class StaleCatalog extends Error {}

interface Candidate {
  place: number;
  ask: Ask;
  given: Given;
  grant: Grant;
  meter: Meter;
  events: UsageEvent[];
  identity: string;
  content: string;
  /** Of the tenant and feature: shared by all who ask for the same, and moved by each. */
  counted: Counted[];
  /** Its event is there, recorded as plain usage. */
  isUsage: boolean;
  /** Its events are written already. */
  isStored: boolean;
  outcome: Outcome | null;
}

/** One outcome an ask, in order. Throws `StaleCatalog`. */
export async function admit(
  tx: Tx,
  { asks, catalog, storing }: { asks: readonly Ask[]; catalog: CatalogSnapshot; storing: Storing },
): Promise<Outcome[]> {
  await takeTurns(tx, turnsOf(asks, catalog));
  const outcomes: (Outcome | null)[] = asks.map(() => null);
  const candidates = await prepareAll(tx, asks, catalog, outcomes);
  await answerKnown(tx, candidates);
  const open = await count(tx, candidates);
  const limits = open.map(({ ask, grant, counted }) => ({ tenant: ask.tenant, grant, counted, before: counted.map((one) => one.used) }));
  const admitted = await decideAll(tx, catalog, candidates);
  await record(tx, catalog, storing, admitted);
  if (admitted.length > 0) await announceLimits(tx, limits);
  for (const { place, outcome } of candidates) outcomes[place] = outcome;
  return outcomes as Outcome[];
}

/** The meters that are asked of; who asks for something that is not counted needs no turn. */
function turnsOf(asks: readonly Ask[], catalog: CatalogSnapshot): Turn[] {
  const turns = new Map<string, Turn>();
  for (const { tenant, feature } of asks) {
    const meter = meterOf(catalog, feature);
    if (meter) turns.set(`${tenant.no}:${meter.no}`, { tenantNo: tenant.no, meterNo: meter.no });
  }
  return [...turns.values()];
}

/** What can be decided of, ready; what cannot has its refusal. */
async function prepareAll(tx: Tx, asks: readonly Ask[], catalog: CatalogSnapshot, outcomes: (Outcome | null)[]): Promise<Candidate[]> {
  const tenants = new Map(asks.map(({ tenant }) => [tenant.id, tenant]));
  const givens = new Map<string, Given>();
  for (const account of await readAccounts(tx, [...tenants.values()])) {
    givens.set(account.tenant.id, await givenAt(tx.ctx, catalog, account, tx.now));
  }
  const shared = new Map<string, Counted[]>();
  return asks.flatMap((ask, place) => {
    const given = givens.get(ask.tenant.id)!;
    try {
      const grant = given.grants.get(ask.feature);
      if (!grant) throw featureNotFound(ask.feature);
      const { feature, meter } = grant;
      if (meter === null) throw invalidField("feature", `${feature.key} is a ${feature.type} feature: only a metered one is consumed`);
      const events = eventsOf(ask, meter, catalog, tx.now);
      const name = `${ask.tenant.no} ${ask.feature}`;
      const counted = shared.get(name) ?? [];
      shared.set(name, counted);
      const key = { identity: events[0]!.identity, content: contentOf(ask) };
      return [{ place, ask, given, grant, meter, events, ...key, counted, isUsage: false, isStored: false, outcome: null }];
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      outcomes[place] = error;
      return [];
    }
  });
}

/** A key that was answered before gets that answer, whatever has become of the tenant since. */
async function answerKnown(tx: Tx, candidates: readonly Candidate[]): Promise<void> {
  if (candidates.length === 0) return;
  const known = await findConsumptions(
    tx,
    candidates.map(({ ask, identity, content }) => ({ tenantNo: ask.tenant.no, identity, content })),
  );
  for (const { place, answer, conflict } of known) {
    const candidate = candidates[place]!;
    if (answer === null) candidate.isUsage = true;
    else candidate.outcome = replayed(answer, conflict);
  }
}

function replayed(answer: string, conflict: boolean): Consumed {
  return { json: conflict ? `${answer.slice(0, -1)},"conflict":true}` : answer, replayed: true };
}

/** What is used of each feature that is asked for; answers one candidate of each. */
async function count(tx: Tx, candidates: readonly Candidate[]): Promise<Candidate[]> {
  const byFeature = new Map<Counted[], Candidate>();
  for (const candidate of candidates) if (candidate.outcome === null) byFeature.set(candidate.counted, candidate);
  const open = [...byFeature.values()];
  const counted = await countGrants(
    tx,
    open.map(({ given, grant }) => ({ given, grant, now: tx.now })),
  );
  open.forEach((candidate, i) => void candidate.counted.push(...counted[i]!));
  return open;
}

/** In order. Answers those that were let pass; their events are stored already where `meter` is not additive. */
async function decideAll(tx: Tx, catalog: CatalogSnapshot, candidates: readonly Candidate[]): Promise<Candidate[]> {
  const admitted: Candidate[] = [];
  const answered = new Map<string, Candidate>();
  const ofMeter = Map.groupBy(candidates, turnOf);
  // Of one meter, several features may be asked for: each sees what the others took.
  const counts = new Map([...ofMeter].map(([turn, list]) => [turn, new Set(list.map(({ counted }) => counted))]));
  for (const candidate of candidates) {
    if (candidate.outcome !== null) continue;
    const { ask, grant, meter, counted } = candidate;
    const name = `${ask.tenant.no} ${candidate.identity}`;
    const twin = answered.get(name);
    if (twin?.outcome && !(twin.outcome instanceof Refusal)) {
      candidate.outcome = replayed(twin.outcome.json, twin.content !== candidate.content);
      continue;
    }
    answered.set(name, candidate);
    if (grant.denied !== null) candidate.outcome = denied(decide(grant, counted, ask.quantity));
    else if (candidate.isUsage) candidate.outcome = answerOf(candidate, "duplicate");
    else if (!isAdditive(meter)) await tryCandidate(tx, catalog, candidate);
    else {
      const check = decide(grant, counted, ask.quantity);
      if (!check.has_access) candidate.outcome = quotaExceeded(check, ask.quantity);
      else if (!burns(catalog, candidate.events) || (await burn(tx, catalog, candidate))) {
        for (const one of [...counts.get(turnOf(candidate))!].flat()) one.used = one.used.plus(ask.quantity);
        candidate.outcome = answerOf(candidate, "accepted");
      }
    }
    if (!candidate.isUsage && !(candidate.outcome instanceof Refusal)) admitted.push(candidate);
  }
  return admitted;
}

function turnOf({ ask, meter }: Candidate): string {
  return `${ask.tenant.no}:${meter.no}`;
}

/** What only the event itself can tell is stored, counted again, and undone where it passes a hard limit. */
async function tryCandidate(tx: Tx, catalog: CatalogSnapshot, candidate: Candidate): Promise<void> {
  const { given, grant, events, counted, ask } = candidate;
  const recount = async (): Promise<Counted[]> => (await countGrants(tx, [{ given, grant, now: tx.now }]))[0]!;
  const before = await recount();
  const burning = burns(catalog, events);
  counted.splice(0, counted.length, ...before);
  const passed = await tryOut(
    tx,
    async () => {
      if ((await insertEvents(tx, catalog.revision, events)) === null) throw new StaleCatalog();
      const after = await recount();
      const refused = after.some(
        ({ limit, used }, i) => limit.enforcement === "hard" && limit.amount !== null && !within(limit.amount, before[i]!.used, used),
      );
      if (refused) {
        const check = { ...decide(grant, before, null), has_access: false, reason: "limit_reached" as const };
        candidate.outcome = quotaExceeded(check, ask.quantity);
        return false;
      }
      counted.splice(0, counted.length, ...after);
      candidate.outcome = answerOf(candidate, "accepted");
      return true;
    },
    // What costs credits is written once more, with what it consumes.
    (passes) => passes && !burning,
  );
  if (!passed) return;
  if (burning) await burn(tx, catalog, candidate);
  else candidate.isStored = true;
}

/** Writes its events with the credits that they cost; false: there were too few, and nothing of it stands. */
async function burn(tx: Tx, catalog: CatalogSnapshot, candidate: Candidate): Promise<boolean> {
  const refusal = await tryOut(
    tx,
    async () => {
      try {
        if ((await storeBurning(tx, { catalog, events: candidate.events, batch: false })) === null) throw new StaleCatalog();
        return null;
      } catch (error) {
        if (error instanceof Refusal) return error;
        throw error;
      }
    },
    (refused) => refused === null,
  );
  if (refusal === null) candidate.isStored = true;
  else candidate.outcome = refusal;
  return refusal === null;
}

/** It was let pass; a soft limit that it has passed is said. */
function answerOf({ grant, counted, identity, ask }: Candidate, status: "accepted" | "duplicate"): Consumed {
  const over = counted.some(({ limit, used }) => limit.amount !== null && used.gt(limit.amount));
  const answer: Consumption = {
    ...decide(grant, counted, null),
    has_access: true,
    reason: over ? "limit_reached" : "granted",
    id: eventId(identity),
    status,
    quantity: ask.quantity,
  };
  return { json: toJson(answer), replayed: status === "duplicate" };
}

async function record(tx: Tx, catalog: CatalogSnapshot, storing: Storing, admitted: readonly Candidate[]): Promise<void> {
  const events = admitted.filter(({ isStored }) => !isStored).flatMap((candidate) => candidate.events);
  if (events.length > 0 && (await insertEvents(tx, catalog.revision, events)) === null) throw new StaleCatalog();
  await insertConsumptions(
    tx,
    admitted.map(({ ask, identity, content, outcome }) => ({
      tenantNo: ask.tenant.no,
      identity,
      content,
      answer: (outcome as Consumed).json,
    })),
  );
  const { ctx } = tx;
  const stored = admitted.flatMap((candidate) => candidate.events);
  if (stored.length > 0) tx.afterCommit(() => ctx.usageWatch.stored(storing, stored, NONE));
}

const NONE: ReadonlySet<number> = new Set();
