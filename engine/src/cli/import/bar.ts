/** What a person sees of an import: a bar that moves, or a line now and then. */
import { stopwatch } from "../../clock.ts";
import type { Terminal } from "../terminal.ts";
import type { Counts } from "./state.ts";

const REDRAW_MS = 100;
const LINE_MS = 10_000;

export interface Bar {
  show(counts: Counts, bytesRead: number): void;
  end(): void;
}

/** `before`: rows that an import before this one settled; they say nothing about the speed of this one. */
export function startBar(terminal: Terminal, totalBytes: number, before: number): Bar {
  const elapsed = stopwatch();
  let last = stopwatch();
  let drawn = false;
  return {
    show(counts, bytesRead) {
      if (last() < (terminal.interactive ? REDRAW_MS : LINE_MS) && drawn) return;
      if (!terminal.interactive && !drawn && elapsed() < LINE_MS) return;
      last = stopwatch();
      drawn = true;
      const share = totalBytes === 0 ? 1 : Math.min(1, bytesRead / totalBytes);
      const line = `${percent(share)}  ${counts.rows.toLocaleString("en")} rows  ${speed(counts.rows - before, elapsed())}${
        counts.rejected > 0 ? `  ${counts.rejected.toLocaleString("en")} rejected` : ""
      }`;
      if (terminal.interactive) {
        const wide = Math.max(10, Math.min(40, terminal.columns - line.length - 4));
        const full = Math.round(share * wide);
        terminal.err(`\r\u001b[K${"█".repeat(full)}${"░".repeat(wide - full)}  ${line}`);
      } else terminal.err(`${line}\n`);
    },
    end() {
      if (terminal.interactive && drawn) terminal.err("\r\u001b[K");
    },
  };
}

function percent(share: number): string {
  return `${Math.floor(share * 100)}%`.padStart(4);
}

export function speed(rows: number, ms: number): string {
  return `${Math.round(rows / Math.max(0.001, ms / 1_000)).toLocaleString("en")} rows/s`;
}
