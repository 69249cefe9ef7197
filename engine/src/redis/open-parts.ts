/** The Redis servers of an engine, as its settings say: none, one for all, or one of its own for events. */
import type { FastifyBaseLogger } from "fastify";
import type { Config, RedisAddress } from "../config.ts";
import type { Pool } from "../db/pool.ts";
import { findHome } from "./home.ts";
import { openRedis, type Redis } from "./redis.ts";

export interface RedisParts {
  /** null: there is none, and processes share the database alone. */
  readonly shared: Redis | null;
  readonly events: Redis | null;
}

export const NO_REDIS: RedisParts = { shared: null, events: null };

export async function openRedisParts(
  config: Pick<Config, "redis" | "eventsRedis">,
  pool: Pool,
  log: FastifyBaseLogger,
  ends: (() => Promise<unknown>)[],
): Promise<RedisParts> {
  const addresses = [config.redis, config.eventsRedis?.address ?? null];
  if (addresses.every((address) => address === null)) return NO_REDIS;
  const home = await findHome(pool);
  const opened = new Map<string, Redis>();
  const open = async (address: RedisAddress | null, part: string): Promise<Redis | null> => {
    if (address === null) return null;
    const name = JSON.stringify(address);
    const known = opened.get(name);
    if (known) return known;
    const redis = await openRedis(address, home, (isThere, cause) => {
      if (isThere) log.info({ part }, "Redis is back");
      else log.warn({ err: cause, part }, "Redis is away: going on without it, slower");
    });
    ends.push(() => redis.close());
    opened.set(name, redis);
    return redis;
  };
  const shared = await open(config.redis, "redis");
  return { shared, events: await open(config.eventsRedis?.address ?? null, "redis events") };
}
