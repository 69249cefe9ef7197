/** Tells the other nodes by PostgreSQL's NOTIFY. */
import { onPlatform, type Pool } from "../../db/pool.ts";
import type { Signals, Topic } from "./cache.ts";

export const CHANNELS: Readonly<Record<Topic, string>> = { terms: "billwright_terms", usage: "billwright_usage" };

export function postgresSignals(pool: Pool): Signals {
  return {
    tell: async (topic, payloads) => {
      await onPlatform(pool).query("select pg_notify($1, payload) from unnest($2::text[]) as payload", [CHANNELS[topic], payloads]);
    },
  };
}
