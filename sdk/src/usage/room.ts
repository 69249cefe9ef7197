/** How much waits, and the policy when it is too much: the same for every spool. */
import { BillwrightError } from "../error.ts";
import type { SpoolLimits } from "./spool.ts";

export class Room {
  readonly #limits: SpoolLimits;
  /** Gives up the oldest lines and answers how many bytes that freed; 0: there are none to give up. */
  readonly #dropOldest: () => Promise<number>;
  readonly #waiting: { bytes: number; enter: () => void }[] = [];
  #used = 0;
  #dropping: Promise<number> | null = null;

  constructor(limits: SpoolLimits, dropOldest: () => Promise<number>) {
    this.#limits = limits;
    this.#dropOldest = dropOldest;
  }

  get used(): number {
    return this.#used;
  }

  /** What was there before this process. */
  found(bytes: number): void {
    this.#used += bytes;
  }

  /** Takes `bytes`, after the policy has had its say. */
  async take(bytes: number): Promise<void> {
    const { maxBytes, whenFull } = this.#limits;
    if (bytes > maxBytes) throw full(`An event of ${bytes} bytes does not fit into a spool of ${maxBytes}.`);
    if (this.#waiting.length === 0 && this.#used + bytes <= maxBytes) {
      this.#used += bytes;
      return;
    }
    if (whenFull === "reject") throw full(`The usage spool is full: ${this.#used} of ${maxBytes} bytes wait for the engine.`);
    if (whenFull === "wait") return new Promise((enter) => void this.#waiting.push({ bytes, enter }));
    while (this.#used + bytes > maxBytes) {
      this.#dropping ??= this.#dropOldest().finally(() => {
        this.#dropping = null;
      });
      if ((await this.#dropping) === 0) throw full("The usage spool is full, and what is in it is on its way.");
    }
    this.#used += bytes;
  }

  give(bytes: number): void {
    this.#used -= bytes;
    for (let first = this.#waiting[0]; first && this.#used + first.bytes <= this.#limits.maxBytes; first = this.#waiting[0]) {
      this.#waiting.shift();
      this.#used += first.bytes;
      first.enter();
    }
  }
}

function full(detail: string): BillwrightError {
  return new BillwrightError(0, { code: "spool_full", detail });
}

const encoder = new TextEncoder();

/** Of a line with its end. */
export function bytesOf(line: string): number {
  return encoder.encode(line).length + 1;
}
