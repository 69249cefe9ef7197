/**
 * Coalescing: requests that arrive while a statement is under way travel together in the next one. 256 connections
 * that send one event each cost some ten statements in flight, not 256; each request still gets its own outcome, and none
 * before what it sent is durable.
 */
import { Refusal } from "../../errors.ts";
import type { UsageEvent } from "./event.ts";

/** The two statements of a flight. */
export interface EventStore {
  /** Stores what is new. Answers the places of what was known before, or null if the catalog has moved on and nothing was stored. */
  insert(revision: bigint, events: readonly UsageEvent[]): Promise<ReadonlySet<number> | null>;
  /** Of events that are stored, the places of those whose content is another one. */
  conflicts(events: readonly UsageEvent[]): Promise<ReadonlySet<number>>;
}

/** The places of a request's events that were known, and whether with other content. */
export type Known = ReadonlyMap<number, { conflict: boolean }>;

interface Request {
  revision: bigint;
  events: readonly UsageEvent[];
  resolve: (known: Known | null) => void;
  reject: (error: unknown) => void;
}

// Two statements in flight keep both the database and this process busy; more only wait for each other's rows.
const LANES = 2;
const MAX_ROWS = 5_000;
// Some 200 MB: beyond it the database does not keep up, and callers must be told to come again.
const MAX_WAITING = 200_000;
// Deadlocks and serialization failures.
const MAX_ATTEMPTS = 5;

export class Lanes {
  readonly #store: EventStore;
  #waiting: Request[] = [];
  #rows = 0;
  #running = 0;

  constructor(store: EventStore) {
    this.#store = store;
  }

  /** Resolves once the events are durable; with null if the catalog is not at this revision any more. */
  submit(revision: bigint, events: readonly UsageEvent[]): Promise<Known | null> {
    if (this.#rows > MAX_WAITING)
      throw new Refusal("unavailable", "Usage comes in faster than it can be stored; nothing was stored. Try again.");
    return new Promise((resolve, reject) => {
      this.#waiting.push({ revision, events, resolve, reject });
      this.#rows += events.length;
      if (this.#running < LANES) {
        this.#running += 1;
        void this.#run();
      }
    });
  }

  async #run(): Promise<void> {
    // Whoever else is answered in this turn of the event loop may still join.
    await null;
    for (let flight = this.#take(); flight.length > 0; flight = this.#take()) await this.#fly(flight);
    this.#running -= 1;
  }

  /** What waited longest, of one revision, up to the cap; a request is never split. */
  #take(): Request[] {
    const flight: Request[] = [];
    let rows = 0;
    for (const request of this.#waiting) {
      const size = rows + request.events.length;
      if (flight.length > 0 && (size > MAX_ROWS || request.revision !== flight[0]!.revision)) break;
      flight.push(request);
      rows = size;
    }
    this.#waiting = this.#waiting.slice(flight.length);
    this.#rows -= rows;
    return flight;
  }

  async #fly(flight: readonly Request[]): Promise<void> {
    const places = new Map<string, number>();
    const events: UsageEvent[] = [];
    for (const request of flight) {
      for (const event of request.events) {
        if (places.has(event.identity)) continue;
        places.set(event.identity, events.length);
        events.push(event);
      }
    }
    try {
      const stored = await this.#insert(flight[0]!.revision, events);
      if (stored === null) for (const request of flight) request.resolve(null);
      else await this.#settle(flight, events, places, stored);
    } catch (error) {
      if (flight.length === 1 || !isOfTheData(error)) for (const request of flight) request.reject(error);
      // One of them is what the database cannot take: each goes by itself, so that it fails alone.
      else for (const request of flight) await this.#fly([request]);
    }
  }

  async #insert(revision: bigint, events: readonly UsageEvent[]): Promise<ReadonlySet<number> | null> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#store.insert(revision, events);
      } catch (error) {
        if (!/^40/.test(stateOf(error)) || attempt >= MAX_ATTEMPTS) throw error;
      }
    }
  }

  /** Of the same event twice in a flight, the first is what was stored and the others are duplicates of it. */
  async #settle(
    flight: readonly Request[],
    events: readonly UsageEvent[],
    places: ReadonlyMap<string, number>,
    stored: ReadonlySet<number>,
  ): Promise<void> {
    const sent = flight.reduce((sum, request) => sum + request.events.length, 0);
    if (stored.size === 0 && sent === events.length) {
      for (const request of flight) request.resolve(NONE);
      return;
    }
    const isKnown = (event: UsageEvent): boolean => {
      const place = places.get(event.identity)!;
      return stored.has(place) || events[place] !== event;
    };
    const repeated = flight.map((request) => [...request.events.keys()].filter((i) => isKnown(request.events[i]!)));
    const conflicts = await this.#store.conflicts(repeated.flatMap((list, at) => list.map((i) => flight[at]!.events[i]!)));
    let place = 0;
    flight.forEach((request, at) => {
      request.resolve(new Map(repeated[at]!.map((i) => [i, { conflict: conflicts.has(place++) }])));
    });
  }
}

const NONE: Known = new Map();

function stateOf(error: unknown): string {
  return String((error as { code?: unknown }).code ?? "");
}

// Classes 22 (data), 23 (constraint) and 54 (limits) come from what was sent; anything else would hit the next statement too.
function isOfTheData(error: unknown): boolean {
  return /^(22|23|54)/.test(stateOf(error));
}
