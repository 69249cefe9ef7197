/**
 * The port to Redis. Nothing that is right depends on it: whoever asks it has another way for when it is away, which is said at once while
 * the circuit is open, and after `ANSWER_MS` at the most otherwise.
 */
import { sleep, stopwatch } from "../clock.ts";
import type { RedisAddress } from "../config.ts";
import { type Circuit, createBreaker } from "./breaker.ts";
import { connectCommands } from "./connect.ts";
import { createListener, type Hearer } from "./listener.ts";

/** Runs as one step on the server. All keys of a script begin with `home`, so that a cluster has them in one place. */
export interface Script {
  readonly name: string;
  readonly lua: string;
  readonly keys: number;
}

export interface Redis {
  /** What every key and channel of this engine begins with: engines on other databases may share the server. */
  readonly home: string;
  /** Throws where there is no answer, whatever the reason. */
  run(script: Script, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown>;
  publish(channel: string, text: string): Promise<void>;
  /** Hears a channel; answers what ends it. */
  listen(channel: string, hearer: Hearer): () => void;
  /** Is told when it goes away and when it is back; answers what ends that. */
  watch(onChange: (isThere: boolean) => void): () => void;
  isThere(): boolean;
  state(): RedisState;
  /** How long an answer takes; throws where there is none. */
  ping(): Promise<number>;
  close(): Promise<void>;
}

export interface RedisState {
  circuit: Circuit;
  /** Whether it hears what others publish. */
  listens: boolean;
  asked: number;
  failed: number;
  /** How often the circuit has opened. */
  opened: number;
}

const ANSWER_MS = 250;
const BREAKER = { failures: 3, firstMs: 200, lastMs: 1_000 };
/** How often it is tried by itself whether it is back. */
const PROBE_MS = 100;
/** For the first connection, before the engine starts without. */
const START_MS = 2_000;

export class RedisAway extends Error {
  override readonly name = "RedisAway";
}

export async function openRedis(
  address: RedisAddress,
  home: string,
  onChange: (isThere: boolean, cause: Error | null) => void,
): Promise<Redis> {
  const commands = await connectCommands(address);
  const listener = createListener(address, commands);
  const watchers = new Set<(isThere: boolean) => void>();
  const counts = { asked: 0, failed: 0, opened: 0 };
  let cause: Error | null = null;
  let closed = false;
  let wasThere = true;
  const breaker = createBreaker(BREAKER, stopwatch(), (circuit) => {
    if (circuit === "open") counts.opened += 1;
    // A try that failed is no news.
    const isThere = circuit === "closed";
    if (closed || wasThere === isThere) return;
    wasThere = isThere;
    onChange(isThere, isThere ? null : cause);
    for (const watcher of watchers) watcher(isThere);
    if (!isThere) void probe();
  });
  commands.on("error", (error: Error) => {
    cause = error;
  });
  commands.on("close", () => breaker.trip());
  const defined = new Set<string>();

  async function ask<T>(work: () => Promise<T>): Promise<T> {
    if (closed || !breaker.enter()) throw new RedisAway("Redis is away");
    counts.asked += 1;
    try {
      const answer = await within(ANSWER_MS, work());
      breaker.succeeded();
      return answer;
    } catch (error) {
      counts.failed += 1;
      cause = error as Error;
      breaker.failed();
      // A connection that says nothing may be dead; the next one tells.
      if (error instanceof RedisAway && breaker.state() === "open" && !("nodes" in commands)) commands.disconnect(true);
      throw error;
    }
  }

  async function probe(): Promise<void> {
    while (!closed && breaker.state() !== "closed") {
      await sleep(PROBE_MS);
      await ask(() => commands.ping()).catch(() => undefined);
    }
  }

  await within(START_MS, commands.connect()).catch((error: Error) => {
    cause = error;
    breaker.trip();
  });

  return {
    home,
    run: (script, keys, values) =>
      ask(() => {
        if (!defined.has(script.name)) {
          commands.defineCommand(script.name, { lua: script.lua, numberOfKeys: script.keys });
          defined.add(script.name);
        }
        const call = (commands as unknown as Record<string, (...all: (string | number)[]) => Promise<unknown>>)[script.name]!;
        return call.call(commands, ...keys, ...values);
      }),
    publish: async (channel, text) => void (await ask(() => commands.publish(channel, text))),
    listen: (channel, hearer) => listener.add(channel, hearer),
    watch: (watcher) => {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
    isThere: () => breaker.state() === "closed",
    state: () => ({ circuit: breaker.state(), listens: listener.hears(), ...counts }),
    ping: async () => {
      const time = stopwatch();
      await ask(() => commands.ping());
      return time();
    },
    close: async () => {
      closed = true;
      await listener.close();
      commands.disconnect();
    },
  };
}

/** The answer, or `RedisAway` after so long. What comes later is dropped. */
function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    // An answer that lies here already, while this process was busy with something else, is taken.
    const timer = setTimeout(() => setImmediate(() => setImmediate(() => reject(new RedisAway(`Redis did not answer in ${ms} ms`)))), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
