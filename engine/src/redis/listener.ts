/** Hears what is published, on a connection of its own that is made again when it is lost; asked once a second whether it lives. */
import type { Redis as Single } from "ioredis";
import { sleep } from "../clock.ts";
import type { RedisAddress } from "../config.ts";
import { type Commands, connectOnce } from "./connect.ts";

export interface Hearer {
  /** From now on nothing is missed; what was said before may have been. */
  up(): void;
  /** Until `up`, something may be missed. */
  down(): void;
  word(text: string): void;
}

export interface Listener {
  /** Answers what ends it. `up` is called at once where it hears already. */
  add(channel: string, hearer: Hearer): () => void;
  hears(): boolean;
  close(): Promise<void>;
}

const PROBE_EVERY_MS = 1_000;
const PROBE_MS = 2_000;
const RETRY_MS = 250;

export function createListener(address: RedisAddress, known: Commands): Listener {
  const hearers = new Map<string, Set<Hearer>>();
  let connection: Single | null = null;
  let connecting = false;
  let closed = false;
  let turn = 0;

  const everyone = (): Hearer[] => [...hearers.values()].flatMap((some) => [...some]);

  async function connect(): Promise<void> {
    if (connecting || connection !== null || closed || hearers.size === 0) return;
    connecting = true;
    const mine = await connectOnce(address, known, turn++);
    let lost = false;
    const lose = (): void => {
      if (lost) return;
      lost = true;
      mine.disconnect();
      if (connection === mine) {
        connection = null;
        for (const hearer of everyone()) hearer.down();
      }
      if (!closed) setTimeout(() => void connect(), RETRY_MS * (0.5 + Math.random() / 2)).unref();
    };
    mine.on("error", () => undefined);
    mine.on("close", lose);
    mine.on("message", (channel: string, text: string) => {
      for (const hearer of hearers.get(channel) ?? []) hearer.word(text);
    });
    try {
      await mine.connect();
      // Whoever comes while this is under way is subscribed to below.
      for (let before = -1; before !== hearers.size; ) {
        before = hearers.size;
        await mine.subscribe(...hearers.keys());
      }
    } catch {
      connecting = false;
      return lose();
    }
    connecting = false;
    if (lost || closed) return lose();
    connection = mine;
    for (const hearer of everyone()) hearer.up();
    void probe(mine, lose);
  }

  // A connection that died without a word would look like silence.
  async function probe(on: Single, lose: () => void): Promise<void> {
    while (connection === on && !closed) {
      await sleep(PROBE_EVERY_MS);
      if (connection !== on || closed) return;
      const answered = await Promise.race([
        on.ping().then(
          () => true,
          () => false,
        ),
        sleep(PROBE_MS).then(() => false),
      ]);
      if (!answered) lose();
    }
  }

  return {
    add: (channel, hearer) => {
      const others = hearers.get(channel) ?? new Set();
      const isNew = others.size === 0;
      hearers.set(channel, others.add(hearer));
      const on = connection;
      if (on === null) void connect();
      else if (!isNew) hearer.up();
      else
        on.subscribe(channel).then(
          () => connection === on && hearer.up(),
          () => on.disconnect(),
        );
      // The subscription stays: who comes back hears at once.
      return () => void others.delete(hearer);
    },
    hears: () => connection !== null,
    close: async () => {
      closed = true;
      connection?.disconnect();
      connection = null;
    },
  };
}
