/**
 * Coalescing: consumptions that arrive while a statement is under way travel together in the next one, those of a wallet always in the
 * same lane and in the order in which they came. Each gets its own outcome, and none before it is durable.
 */
import { Refusal } from "../../errors.ts";
import type { Placed } from "./consume-store.ts";
import type { Consumed } from "./consumption.ts";

/** Decides a flight: an answer each, in order. It throws only where nothing at all was done. */
export type Fly = (flight: readonly Placed[]) => Promise<(Consumed | Error)[]>;

interface Waiting {
  placed: Placed;
  resolve: (answer: Consumed) => void;
  reject: (error: unknown) => void;
}

const MAX_FLIGHT = 1_000;
const MAX_WAITING = 50_000;

class Lane {
  readonly #fly: Fly;
  #waiting: Waiting[] = [];
  #running = false;

  constructor(fly: Fly) {
    this.#fly = fly;
  }

  submit(placed: Placed): Promise<Consumed> {
    if (this.#waiting.length > MAX_WAITING)
      throw new Refusal("unavailable", "Credits are consumed faster than it can be stored; nothing was consumed. Try again.");
    return new Promise((resolve, reject) => {
      this.#waiting.push({ placed, resolve, reject });
      if (!this.#running) {
        this.#running = true;
        void this.#run();
      }
    });
  }

  async #run(): Promise<void> {
    do {
      // Whoever else is answered in this turn of the event loop may still join.
      await new Promise<void>((resume) => setImmediate(resume));
      await this.#send(this.#take());
    } while (this.#waiting.length > 0);
    this.#running = false;
  }

  /** What waited longest; a key that stands in the flight already waits for the next, to be answered what it will stand for. */
  #take(): Waiting[] {
    const keys = new Set<string>();
    const flight: Waiting[] = [];
    const left: Waiting[] = [];
    for (const one of this.#waiting) {
      const { key, tenantId } = one.placed.request;
      const name = key === null ? null : `${tenantId} ${key}`;
      if (flight.length >= MAX_FLIGHT || (name !== null && keys.has(name))) {
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
    try {
      const answers = await this.#fly(flight.map((one) => one.placed));
      flight.forEach(({ resolve, reject }, place) => {
        const answer = answers[place]!;
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      });
    } catch (error) {
      if (flight.length === 1 || !isOfTheData(error)) for (const one of flight) one.reject(error);
      // One of them is what the database cannot take: each goes by itself, so that it fails alone.
      else for (const one of flight) await this.#send([one]);
    }
  }
}

export class Lanes {
  readonly #lanes: Lane[];

  constructor(fly: Fly, count: number) {
    this.#lanes = Array.from({ length: count }, () => new Lane(fly));
  }

  submit(placed: Placed): Promise<Consumed> {
    return this.#lanes[laneOf(placed.request.tenantId, this.#lanes.length)]!.submit(placed);
  }
}

function laneOf(tenantId: string, count: number): number {
  let sum = 0;
  for (let i = 0; i < tenantId.length; i++) sum = (sum * 31 + tenantId.charCodeAt(i)) | 0;
  return Math.abs(sum) % count;
}

// Classes 22 (data), 23 (constraint) and 54 (limits) come from what was sent; anything else would hit the next statement too.
function isOfTheData(error: unknown): boolean {
  return /^(22|23|54)/.test(String((error as { code?: unknown }).code ?? ""));
}
