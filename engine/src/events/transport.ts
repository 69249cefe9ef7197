/** How events come from the processes that write them to those with open streams: by the database alone, or by Redis while it is there. */
import { stopwatch } from "../clock.ts";
import type { Config } from "../config.ts";
import { onPlatform, type Pool } from "../db/pool.ts";
import type { Redis } from "../redis/redis.ts";
import { postgresWake } from "./postgres-wake.ts";
import { createPump } from "./pump.ts";
import { eventStream } from "./redis-stream.ts";
import { type Portion, postgresSource, type Source } from "./source.ts";
import type { Wake } from "./wake.ts";

export interface Transport {
  wake: Wake;
  source: Source;
}

export interface TransportParts {
  pool: Pool;
  databaseUrl: string;
  redis: Redis | null;
  config: Pick<Config, "stream" | "eventsRedis">;
  onTrouble(error: Error): void;
}

/** Words within this time are told as one. */
const GAP_MS = 10;
/** How often a process looks that would be told by Redis, while that is away. */
const ALONE_MS = 1_000;

export function openTransport({ pool, databaseUrl, redis, config, onTrouble }: TransportParts): Transport {
  const byDatabase: Transport = { wake: postgresWake(pool, databaseUrl, onTrouble), source: postgresSource(onPlatform(pool)) };
  return redis && config.eventsRedis ? byRedis(redis, byDatabase, pool, config.eventsRedis, config.stream.pollMs, onTrouble) : byDatabase;
}

function byRedis(
  redis: Redis,
  other: Transport,
  pool: Pool,
  settings: { replay: boolean; length: number },
  pollMs: number,
  onTrouble: (error: Error) => void,
): Transport {
  const stream = eventStream(redis, settings.length);
  const words = `${redis.home}:events:wake`;
  let listeners = 0;
  const pump = createPump({
    redis,
    stream,
    db: onPlatform(pool),
    replay: settings.replay ? settings.length : 0,
    pollMs,
    wanted: () => listeners > 0,
    handOn: () => void redis.publish(words, "").catch(() => undefined),
    onTrouble,
  });

  let telling: Promise<void> | null = null;
  let again = false;
  let closed = false;
  async function tell(): Promise<void> {
    do {
      again = false;
      const time = stopwatch();
      await redis.publish(words, "").catch(() => other.wake.ring());
      if (!closed) await new Promise((resolve) => setTimeout(resolve, Math.max(0, GAP_MS - time())));
    } while (again);
    telling = null;
  }

  const wake: Wake = {
    ring: () => {
      if (!redis.isThere()) return other.wake.ring();
      if (pump.leads()) return pump.look();
      again = true;
      telling ??= tell();
    },
    listen: (onWake) => {
      const look = { up: onWake, down: onWake, word: onWake };
      const onWord = { up: pump.look, down: () => undefined, word: pump.look };
      const ends = [
        // Whoever cannot reach Redis, or does not know of it yet, tells by the database.
        other.wake.listen(() => {
          pump.look();
          onWake();
        }),
        redis.listen(stream.channel, look),
        redis.listen(words, onWord),
        redis.watch(onWake),
      ];
      listeners += 1;
      pump.begin();
      return () => {
        listeners -= 1;
        for (const end of ends) end();
      };
    },
    close: async () => {
      closed = true;
      await Promise.all([telling, pump.close()]);
      await other.wake.close();
    },
  };

  async function readStream(after: Parameters<Source["read"]>[1]): Promise<Portion | null> {
    if (after === null) return null;
    const found = await stream.read(after).catch(() => null);
    return found && { ...found, upTo: found.events.at(-1)?.place ?? after, unsettled: false, againMs: null };
  }

  const source: Source = {
    read: async (tenants, after, woken) => {
      // Who looks unasked looks into the table: the net under all that carries words.
      const found = woken && redis.isThere() ? await readStream(after) : null;
      if (found) return found;
      const portion = await other.source.read(tenants, after, woken);
      if (!redis.isThere()) return { ...portion, againMs: ALONE_MS };
      // What is not settled yet comes by the stream when it is.
      return { ...portion, unsettled: false };
    },
  };
  return { wake, source };
}
