/**
 * How nodes tell each other of usage by Redis. A node that cannot reach it tells by the database, which all hear; one that cannot hear it
 * keeps no counters meanwhile.
 */
import type { Signals } from "../billing/entitlements/cache.ts";
import type { Redis } from "./redis.ts";

export interface UsageHearer {
  usageUp(): void;
  usageDown(): void;
  usage(payload: string): void;
}

const channelOf = (redis: Redis): string => `${redis.home}:usage`;

/** Terms stay with the database: triggers announce them in the transaction that changes them. */
export function sharedSignals(redis: Redis | null, other: Signals): Signals {
  if (redis === null) return other;
  return {
    tell: async (topic, payloads) => {
      if (topic !== "usage" || !redis.isThere()) return other.tell(topic, payloads);
      // What was heard already and is told again by the other way costs a read, no more.
      await Promise.all(payloads.map((payload) => redis.publish(channelOf(redis), payload))).catch(() => other.tell(topic, payloads));
    },
  };
}

export function hearUsage(redis: Redis | null, hearer: UsageHearer): void {
  if (redis === null) return;
  hearer.usageDown();
  redis.listen(channelOf(redis), { up: hearer.usageUp, down: hearer.usageDown, word: hearer.usage });
}
