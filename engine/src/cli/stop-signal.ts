/** Ctrl-C and the signals of process managers: the first asks for a stop in good order, a later one ends at once. */
import { stopwatch } from "../clock.ts";

// npm passes on a Ctrl-C that the terminal has sent to us already.
const ECHO_MS = 1_000;

export interface StopSignal {
  asked(): boolean;
  wait(): Promise<void>;
}

export function listenForStop(): StopSignal {
  const { promise, resolve } = Promise.withResolvers<void>();
  let since: (() => number) | null = null;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (since === null) {
        since = stopwatch();
        resolve();
      } else if (since() > ECHO_MS) process.exit(1);
    });
  }
  return { asked: () => since !== null, wait: () => promise };
}
