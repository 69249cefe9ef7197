/** Settings of Redis. */
import type { Config, RedisAddress } from "../config.ts";
import { ConfigError, type Env, integer, oneOf } from "./env.ts";

const FORM = /^rediss?:\/\/[^\s/,]+(\/\d{0,4})?$/;

function address(env: Env, name: string): RedisAddress | null {
  const cluster = oneOf(env, "REDIS_CLUSTER_MODE", ["true", "false"], "false") === "true";
  const urls = (env[name] ?? "").split(",").flatMap((part) => (part.trim() === "" ? [] : [part.trim()]));
  if (urls.length === 0) return null;
  if (!urls.every((url) => FORM.test(url) && URL.canParse(url)))
    throw new ConfigError(`${name} must be an address such as redis://user:password@host:6379/0, or rediss:// for TLS.`);
  if (!cluster && urls.length > 1)
    throw new ConfigError(`${name} names several servers, which only a cluster has: REDIS_CLUSTER_MODE=true.`);
  return { urls, cluster };
}

export function redis(env: Env): RedisAddress | null {
  return address(env, "REDIS_URL");
}

export function eventsRedis(env: Env): Config["eventsRedis"] {
  const own = address(env, "BILLING_EVENTS_REDIS_URL");
  const shared = redis(env);
  const replay = oneOf(env, "ENABLE_BILLING_STREAM_REPLAY", ["true", "false"], "true") === "true";
  const length = integer(env, "BILLING_EVENTS_REDIS_LENGTH", 100_000, 1_000, 100_000_000);
  const found = own ?? shared;
  return found && { address: found, replay, length };
}
