/** What a person sees while the demo is made: a line for each stage, and a bar for the month of usage, or lines without a terminal. */
import { styleText } from "node:util";
import { formatInstant, type Instant } from "../billing/time/instant.ts";
import type { Terminal } from "./terminal.ts";
import { cut, localDate } from "./wording.ts";

const DAYS_BETWEEN_LINES = 7;

export class Progress {
  readonly #terminal: Terminal;
  readonly #moving: boolean;
  #drawn = false;
  #lines = 0;

  constructor(terminal: Terminal, moving: boolean) {
    this.#terminal = terminal;
    this.#moving = moving;
  }

  stage(text: string): void {
    this.#wipe();
    this.#terminal.out(`  ${styleText("dim", "·")} ${text}\n`);
  }

  /** The clock's place in the month, how much of it is over, and how many events there are. */
  usage(at: Instant, share: number, events: number): void {
    const date = localDate(formatInstant(at), "UTC").padStart(6);
    const count = `${events.toLocaleString("en")} events`;
    if (!this.#moving) {
      const line = Math.floor((share * 31) / DAYS_BETWEEN_LINES);
      if (line > this.#lines || share === 1) this.#terminal.out(`  · ${date}  ${count}\n`);
      this.#lines = Math.max(line, this.#lines);
      return;
    }
    this.#draw(share, Math.max(10, Math.min(48, this.#terminal.columns - 34)), `${date}  ${count}`);
  }

  /** How much of some work is done, and what comes next: a bar, for which there must be a terminal. */
  share(share: number, next: string): void {
    const wide = Math.min(24, Math.floor(this.#terminal.columns / 3));
    if (this.#moving) this.#draw(share, wide, cut(next, Math.max(10, this.#terminal.columns - wide - 5)));
  }

  end(): void {
    this.#wipe();
  }

  #draw(share: number, wide: number, text: string): void {
    const full = Math.round(share * wide);
    const bar = styleText("cyan", "█".repeat(full)) + styleText("dim", "░".repeat(wide - full));
    this.#terminal.out(`\r\u001b[K  ${bar} ${text}`);
    this.#drawn = true;
  }

  #wipe(): void {
    if (this.#drawn) this.#terminal.out("\r\u001b[K");
    this.#drawn = false;
  }
}
