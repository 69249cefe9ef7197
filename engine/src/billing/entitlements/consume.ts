/**
 * Check and record in one step. Those who ask while others of the same tenant and meter are being decided travel together in the
 * next transaction: a limit that everybody presses on costs one transaction in flight a process, not one a caller.
 */
import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { Refusal, tenantNotFound } from "../../errors.ts";
import { newId } from "../../ids.ts";
import type { CatalogSnapshot } from "../catalog/cache.ts";
import { ONE } from "../money/decimal.ts";
import { fixMeters } from "../usage/ingest.ts";
import { metersOf } from "../usage/reading.ts";
import { admit, type Outcome, StaleCatalog } from "./admit.ts";
import { parseQuantity } from "./answer.ts";
import { type Ask, type Consumed, meterOf } from "./consumption.ts";

export interface ConsumeInput {
  tenantId: string;
  feature: string;
  /** 1 if not said. */
  quantity?: number | string | undefined;
  /** The same key gets the first answer, for ever. Made here if not said. */
  key?: string | undefined;
  properties?: Readonly<Record<string, unknown>> | undefined;
}

interface Waiting {
  ask: Ask;
  /** Those of one turn are decided one after the other. */
  turn: string;
  resolve: (outcome: Outcome) => void;
  reject: (error: unknown) => void;
}

// More transactions in flight only wait for each other's commits.
const FLIGHTS = 3;
const MAX_ASKS = 1_000;
const MAX_WAITING = 50_000;
// Each attempt reads the catalog anew: more than a few mean that it changes without end.
const MAX_ATTEMPTS = 10;

/**
 * Resolves once it is durable. Throws `quota_exceeded` with the state of the limit, `forbidden` where the feature is not given,
 * `feature_not_found`, `tenant_not_found`, and `invalid_request` for what the meter cannot read.
 */
export async function consume(ctx: Context, input: ConsumeInput): Promise<Consumed> {
  const tenant = await ctx.tenants.find(input.tenantId);
  if (!tenant) throw tenantNotFound(input.tenantId);
  const ask: Ask = {
    tenant,
    feature: input.feature,
    quantity: input.quantity === undefined ? ONE : parseQuantity(input.quantity),
    key: input.key ?? newId("usageEvent"),
    properties: input.properties ?? {},
  };
  const known = await ctx.catalog.current();
  const catalog = known.features.has(ask.feature) ? known : await ctx.catalog.current({ fresh: true });
  const meter = meterOf(catalog, ask.feature);
  const outcome = await deskOf(ctx).submit(ask, `${tenant.no}:${meter?.no ?? ask.feature}`);
  if (outcome instanceof Refusal) throw outcome;
  return outcome;
}

class Desk {
  readonly #ctx: Context;
  #waiting: Waiting[] = [];
  readonly #busy = new Set<string>();
  #flights = 0;

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  submit(ask: Ask, turn: string): Promise<Outcome> {
    if (this.#waiting.length >= MAX_WAITING)
      throw new Refusal("unavailable", "More is consumed than can be decided; nothing was recorded. Try again.");
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ask, turn, resolve, reject });
      if (this.#flights < FLIGHTS && !this.#busy.has(turn)) {
        this.#flights += 1;
        void this.#run();
      }
    });
  }

  async #run(): Promise<void> {
    // Whoever else is answered in this turn of the event loop may still join.
    await null;
    for (let flight = this.#take(); flight.length > 0; flight = this.#take()) {
      const turns = new Set(flight.map(({ turn }) => turn));
      for (const turn of turns) this.#busy.add(turn);
      await this.#fly(flight);
      for (const turn of turns) this.#busy.delete(turn);
    }
    this.#flights -= 1;
  }

  /** What waited longest, of one clock, and of no turn that is being decided. */
  #take(): Waiting[] {
    const first = this.#waiting.find(({ turn }) => !this.#busy.has(turn));
    if (!first) return [];
    const clock = first.ask.tenant.testClockId;
    const flight: Waiting[] = [];
    const rest: Waiting[] = [];
    for (const one of this.#waiting) {
      const joins = flight.length < MAX_ASKS && one.ask.tenant.testClockId === clock && !this.#busy.has(one.turn);
      (joins ? flight : rest).push(one);
    }
    this.#waiting = rest;
    return flight;
  }

  async #fly(flight: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await this.#admit(flight.map(({ ask }) => ask));
      flight.forEach(({ resolve }, i) => void resolve(outcomes[i]!));
    } catch (error) {
      if (flight.length === 1 || !isOfTheData(error)) for (const { reject } of flight) reject(error);
      // One of them is what the database cannot take: each goes by itself, so that it fails alone.
      else for (const one of flight) await this.#fly([one]);
    }
  }

  async #admit(asks: readonly Ask[]): Promise<Outcome[]> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const catalog: CatalogSnapshot = await this.#ctx.catalog.current({ fresh: attempt > 1 });
      const now = await this.#ctx.tenants.now(asks[0]!.tenant);
      await fixMeters(
        this.#ctx,
        asks.flatMap(({ feature }) => metersOf(catalog, meterOf(catalog, feature)?.event ?? "")),
      );
      const storing = this.#ctx.usageWatch.begin();
      try {
        return await commit(this.#ctx, { principal: ENGINE, now, source: "api" }, (tx) => admit(tx, { asks, catalog, storing }));
      } catch (error) {
        if (!(error instanceof StaleCatalog)) throw error;
      }
    }
    throw new Refusal("unavailable", "The catalog changes too often just now; nothing was recorded. Try again.");
  }
}

// Classes 22 (data), 23 (constraint) and 54 (limits) come from what was sent; anything else would hit the next transaction too.
function isOfTheData(error: unknown): boolean {
  return /^(22|23|54)/.test(String((error as { code?: unknown }).code ?? ""));
}

const desks = new WeakMap<Context["pool"], Desk>();

function deskOf(ctx: Context): Desk {
  let own = desks.get(ctx.pool);
  if (!own) {
    own = new Desk(ctx);
    desks.set(ctx.pool, own);
  }
  return own;
}
