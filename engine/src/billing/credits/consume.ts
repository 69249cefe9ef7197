/** Consumes credits: joins its neighbours in flight, and answers once the outcome is durable. */
import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPlatform } from "../../db/pool.ts";
import { tenantNotFound } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { answerOf } from "./answer.ts";
import { consumePlaced } from "./consume-credits.ts";
import { consumeMany, findByKeys, isUsedKey, type Placed } from "./consume-store.ts";
import type { Consumed, ConsumeRequest } from "./consumption.ts";
import { defaultPlanOf } from "./cost.ts";
import { type Boarded, Flights } from "./flights.ts";

const MAX_ATTEMPTS = 5;
// After a key that was used before, so many statements look for keys first.
const LOOKING = 100;

/** One request, its outcome for ever under its key. Throws `tenant_not_found`. */
export async function consume(ctx: Context, request: ConsumeRequest): Promise<Consumed> {
  const tenant = await ctx.tenants.find(request.tenantId);
  if (!tenant) throw tenantNotFound(request.tenantId);
  const clock = tenant.testClockId === null ? null : await ctx.tenants.now(tenant);
  return flightsOf(ctx).submit({ request, id: newId("transaction"), clock });
}

const flights = new WeakMap<Context["pool"], Flights>();

function flightsOf(ctx: Context): Flights {
  let own = flights.get(ctx.pool);
  if (!own) {
    const repeats = { looking: 0 };
    own = new Flights((flight) => fly(ctx, flight, repeats));
    flights.set(ctx.pool, own);
  }
  return own;
}

/** Most of it by the one statement; wallets where it would wake something, by writes of their own. */
async function fly(ctx: Context, boarded: readonly Boarded[], repeats: { looking: number }): Promise<(Consumed | Error)[]> {
  // One instant for all that travel together: wallets of one time are decided together.
  const now = ctx.clock.now();
  const flight: Placed[] = boarded.map(({ request, id, clock }) => ({ request, id, now: clock ?? now }));
  const defaultPlan = defaultPlanOf(await ctx.catalog.current());
  const db = onPlatform(ctx.pool);
  const terms = { defaultPlan, threshold: ctx.config.credits.lowBalance };
  const decisions = await retried(() => {
    const look = repeats.looking > 0;
    return consumeMany(db, flight, { ...terms, look }).catch((error: unknown) => {
      if (look || !isUsedKey(error)) throw error;
      return consumeMany(db, flight, { ...terms, look: true });
    });
  });
  // From here on it is done for the most part: nothing may be tried again as a whole.
  const known = flight.filter((_, place) => decisions[place]!.outcome === "known");
  if (known.length > 0) repeats.looking = LOOKING;
  else if (repeats.looking > 0) repeats.looking -= 1;
  const before = await findByKeys(
    db,
    known.map(({ request }) => ({ tenantId: request.tenantId, key: request.key! })),
  );
  const later = await decideLater(
    ctx,
    flight.filter((_, place) => decisions[place]!.outcome === "later"),
  );
  return flight.map((one, place) => later.get(one) ?? answerOf(one, decisions[place]!, () => before[known.indexOf(one)]!));
}

async function decideLater(ctx: Context, placed: readonly Placed[]): Promise<Map<Placed, Consumed | Error>> {
  const answers = new Map<Placed, Consumed | Error>();
  const wallets = Map.groupBy(placed, ({ request }) => request.tenantId);
  for (const own of wallets.values()) {
    const decided = await commit(ctx, { principal: ENGINE, now: own[0]!.now, source: "api" }, (tx) => consumePlaced(tx, own)).catch(
      (error: Error) => own.map(() => error),
    );
    own.forEach((one, place) => {
      answers.set(one, decided[place]!);
    });
  }
  return answers;
}

/** Deadlocks and serialization failures: nothing of the statement was done. */
async function retried<T>(statement: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await statement();
    } catch (error) {
      if (!/^40/.test(String((error as { code?: unknown }).code ?? "")) || attempt >= MAX_ATTEMPTS) throw error;
    }
  }
}
