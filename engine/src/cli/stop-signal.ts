/** Ctrl-C and the signals of process managers: the first asks for a stop in good order, a later one ends at once. */
import { stopwatch } from "../clock.ts";
import { CommandError } from "./terminal.ts";

// npm passes on a Ctrl-C that the terminal has sent to us already.
const ECHO_MS = 1_000;

export interface StopSignal {
  asked(): boolean;
  /** Ends when a stop is asked for; throws the sentence where the engine cannot go on. */
  wait(): Promise<void>;
  fail(sentence: string): void;
}

export function listenForStop(): StopSignal {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // Nobody waits yet while the engine starts.
  promise.catch(() => undefined);
  let since: (() => number) | null = null;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (since === null) {
        since = stopwatch();
        resolve();
      } else if (since() > ECHO_MS) process.exit(1);
    });
  }
  return { asked: () => since !== null, wait: () => promise, fail: (sentence) => reject(new CommandError(sentence)) };
}

/** For `createBillwright`: what ends an engine whose own database ended. */
export function databaseLost(stop: StopSignal): (reason: string) => void {
  return (reason) =>
    stop.fail(`The built-in PostgreSQL is gone (${reason}). Start Billwright again: what was answered is kept, and the database recovers.`);
}
