/** What a person sees while the demo is made: a line for each stage, and a bar for the month of usage, or lines without a terminal. */
import { styleText } from "node:util";
import { formatInstant, type Instant } from "../billing/time/instant.ts";
import type { Terminal } from "./terminal.ts";
import { localDate } from "./wording.ts";

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
    const wide = Math.max(10, Math.min(48, this.#terminal.columns - 34));
    const full = Math.round(share * wide);
    const bar = styleText("cyan", "█".repeat(full)) + styleText("dim", "░".repeat(wide - full));
    this.#terminal.out(`\r\u001b[K  ${bar} ${date}  ${count}`);
    this.#drawn = true;
  }

  end(): void {
    this.#wipe();
  }

  #wipe(): void {
    if (this.#drawn) this.#terminal.out("\r\u001b[K");
    this.#drawn = false;
  }
}
