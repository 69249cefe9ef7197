/**
 * Coalescing: consumptions that arrive while statements are under way travel together in the next one, those of a wallet in the order
 * in which they came. Each gets its own outcome, and none before it is durable.
 */
import { Refusal } from "../../errors.ts";
import type { Instant } from "../time/instant.ts";
import type { Consumed, ConsumeRequest } from "./consumption.ts";

export interface Boarded {
  request: ConsumeRequest;
  id: string;
  /** Its tenant's test clock; null: the time at which it leaves. */
  clock: Instant | null;
}

/** Decides a flight: an answer each, in order. It throws only where nothing at all was done. */
export type Fly = (flight: readonly Boarded[]) => Promise<(Consumed | Error)[]>;

interface Waiting {
  boarded: Boarded;
  resolve: (answer: Consumed) => void;
  reject: (error: unknown) => void;
}

const MAX_FLIGHT = 1_000;
const MAX_WAITING = 50_000;
// As many statements under way as keep the database busy while this process prepares the next.
const FLIGHTS = 2;
// Fewer than these go together: two statements cost more than they save.
const WORTH_TWO = 32;

export class Flights {
  readonly #fly: Fly;
  #waiting: Waiting[] = [];
  #flights = 0;
  #flying = 0;
  /** How many requests of a wallet are under way. */
  readonly #airborne = new Map<string, number>();
  /** How many there were at once of late. */
  #usual = 0;
  #due = false;

  constructor(fly: Fly) {
    this.#fly = fly;
  }

  submit(boarded: Boarded): Promise<Consumed> {
    if (this.#waiting.length > MAX_WAITING)
      throw new Refusal("unavailable", "Credits are consumed faster than it can be stored; nothing was consumed. Try again.");
    return new Promise((resolve, reject) => {
      this.#waiting.push({ boarded, resolve, reject });
      if (this.#flights < FLIGHTS) this.#soon();
    });
  }

  /** Whoever else is answered in this turn of the event loop may still join. */
  #soon(): void {
    if (this.#due) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      this.#usual = Math.max(this.#waiting.length + this.#flying, this.#usual - 1);
      while (this.#flights < FLIGHTS && this.#waiting.length > 0) {
        const share = this.#usual < WORTH_TWO ? MAX_FLIGHT : Math.min(MAX_FLIGHT, Math.ceil(this.#usual / 2));
        // Beside another, only what fills a statement: small ones cost as much as large ones. Otherwise it waits for the other to land.
        if (this.#flights > 0 && this.#waiting.length * 4 < share * 3) return;
        void this.#send(this.#take(share));
      }
    });
  }

  /**
   * What waited longest; a key that stands in the flight already waits for the next, to be answered what it will stand for, and so does a
   * wallet that the other flight has locked, where there is enough else to do.
   */
  #take(most: number): Waiting[] {
    const grounded = this.#waiting.reduce((sum, one) => sum + (this.#airborne.has(one.boarded.request.tenantId) ? 0 : 1), 0);
    const pass = grounded * 2 < Math.min(most, this.#waiting.length);
    const keys = new Set<string>();
    const flight: Waiting[] = [];
    const left: Waiting[] = [];
    for (const one of this.#waiting) {
      const { key, tenantId } = one.boarded.request;
      const name = key === null ? null : `${tenantId} ${key}`;
      if (flight.length >= most || (!pass && this.#airborne.has(tenantId)) || (name !== null && keys.has(name))) {
        left.push(one);
        continue;
      }
      if (name !== null) keys.add(name);
      flight.push(one);
    }
    this.#waiting = left;
    return flight;
  }

  async #send(flight: readonly Waiting[]): Promise<void> {
    this.#count(flight, 1);
    await decide(this.#fly, flight);
    this.#count(flight, -1);
    this.#soon();
  }

  #count(flight: readonly Waiting[], by: 1 | -1): void {
    this.#flights += by;
    this.#flying += by * flight.length;
    for (const { boarded } of flight) {
      const count = (this.#airborne.get(boarded.request.tenantId) ?? 0) + by;
      if (count === 0) this.#airborne.delete(boarded.request.tenantId);
      else this.#airborne.set(boarded.request.tenantId, count);
    }
  }
}

async function decide(fly: Fly, flight: readonly Waiting[]): Promise<void> {
  try {
    const answers = await fly(flight.map((one) => one.boarded));
    flight.forEach(({ resolve, reject }, place) => {
      const answer = answers[place]!;
      if (answer instanceof Error) reject(answer);
      else resolve(answer);
    });
  } catch (error) {
    if (flight.length === 1 || !isOfTheData(error)) for (const one of flight) one.reject(error);
    // One of them is what the database cannot take: each goes by itself, so that it fails alone.
    else for (const one of flight) await decide(fly, [one]);
  }
}

// Classes 22 (data), 23 (constraint) and 54 (limits) come from what was sent; anything else would hit the next statement too.
function isOfTheData(error: unknown): boolean {
  return /^(22|23|54)/.test(String((error as { code?: unknown }).code ?? ""));
}
