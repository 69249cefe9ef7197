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
  /** The wallets of the requests under way. None is in two flights: the second would wait in the database, for the lock of the first. */
  readonly #airborne = new Set<string>();
  /** How many requests there were at once of late, and of how many wallets. */
  #requests = 0;
  #wallets = 0;
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
      this.#measure();
      while (this.#flights < FLIGHTS) {
        const most = this.#requests < WORTH_TWO ? MAX_FLIGHT : Math.ceil(this.#wallets / 2);
        const ready = this.#ready();
        // Beside another, only what fills a statement: small ones cost as much as large ones. Otherwise it waits for the other to land.
        if (ready === 0 || (this.#flights > 0 && ready * 4 < most * 3)) return;
        void this.#send(this.#take(most));
      }
    });
  }

  #measure(): void {
    const wallets = new Set(this.#airborne);
    for (const { boarded } of this.#waiting) wallets.add(boarded.request.tenantId);
    this.#requests = Math.max(this.#waiting.length + this.#flying, this.#requests - 1);
    this.#wallets = Math.max(wallets.size, this.#wallets - 1);
  }

  /** How many wallets could leave now. */
  #ready(): number {
    const wallets = new Set<string>();
    for (const { boarded } of this.#waiting) if (!this.#airborne.has(boarded.request.tenantId)) wallets.add(boarded.request.tenantId);
    return wallets.size;
  }

  /**
   * The wallets that waited longest, at most so many, each with all that waits for it. A key that stands in the flight already waits for the
   * next, to be answered what it will stand for.
   */
  #take(most: number): Waiting[] {
    const wallets = new Set<string>();
    const keys = new Set<string>();
    const flight: Waiting[] = [];
    const left: Waiting[] = [];
    for (const one of this.#waiting) {
      const { key, tenantId } = one.boarded.request;
      const name = key === null ? null : `${tenantId} ${key}`;
      const full = flight.length >= MAX_FLIGHT || (wallets.size >= most && !wallets.has(tenantId));
      if (full || this.#airborne.has(tenantId) || (name !== null && keys.has(name))) {
        left.push(one);
        continue;
      }
      if (name !== null) keys.add(name);
      wallets.add(tenantId);
      flight.push(one);
    }
    this.#waiting = left;
    return flight;
  }

  async #send(flight: readonly Waiting[]): Promise<void> {
    this.#flights += 1;
    this.#flying += flight.length;
    for (const { boarded } of flight) this.#airborne.add(boarded.request.tenantId);
    await decide(this.#fly, flight);
    this.#flights -= 1;
    this.#flying -= flight.length;
    for (const { boarded } of flight) this.#airborne.delete(boarded.request.tenantId);
    this.#soon();
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
