/**
 * A limit that holds over all processes together, counted by Redis in leases: a process takes a part of what is left in the window and
 * gives it out by itself, so that few requests wait for an answer. What all give out never passes the limit; what one took and did not
 * give out, at most a hundredth, is lost to the others for the rest of the window.
 */
import { LRUCache } from "lru-cache";
import { stopwatch } from "../clock.ts";
import type { Redis, Script } from "../redis/redis.ts";

export interface Taken {
  isAllowed: boolean;
  remaining: number;
  ttlMs: number;
}

export interface LeasedLimit {
  readonly max: number;
  /** Counts one of this caller's; null: Redis is away, and it was not counted. */
  take(caller: string): Promise<Taken | null>;
  /** What is left of this caller's, and counts nothing. Sees what others have taken whole, not by parts of it. */
  look(caller: string): Promise<Taken | null>;
}

interface Lease {
  left: number;
  /** Of the limit, in all processes, when it was taken. */
  used: number;
  until: number;
}

const TAKE: Script = {
  name: "billwrightTake",
  keys: 1,
  lua: `
    local used = tonumber(redis.call('GET', KEYS[1]) or '0')
    local taken = math.max(0, math.min(tonumber(ARGV[1]), tonumber(ARGV[2]) - used))
    if taken > 0 then
      redis.call('INCRBY', KEYS[1], taken)
    end
    local left = redis.call('PTTL', KEYS[1])
    if left == -1 then
      left = tonumber(ARGV[3])
      redis.call('PEXPIRE', KEYS[1], left)
    end
    return {taken, used + taken, left}`,
};

const MAX_CALLERS = 20_000;

/** `part`: what a lease is of the limit; 0: one at a time. */
export function createLeasedLimit(redis: Redis, name: string, max: number, windowMs: number, part = 0.01): LeasedLimit {
  const time = stopwatch();
  const leases = new LRUCache<string, Lease>({ max: MAX_CALLERS });
  const asking = new Map<string, { answer: Promise<boolean>; waiting: number }>();
  const size = Math.max(1, Math.floor(max * part));

  async function ask(caller: string, count: number): Promise<Lease | null> {
    // From before it was asked, so that what is given out never outlives the server's window.
    const askedAt = time();
    try {
      const [left, used, ttl] = (await redis.run(TAKE, [`${redis.home}:${name}:${caller}`], [count, max, windowMs])) as [
        number,
        number,
        number,
      ];
      return { left, used, until: askedAt + Math.max(0, ttl) };
    } catch {
      return null;
    }
  }

  /** How many waited for the last answer, of each caller for whom some did. */
  const waiting = new Map<string, number>();

  /** Whoever comes while somebody asks waits for the answer, and asks for all who are left then. */
  function renew(caller: string): Promise<boolean> {
    const running = asking.get(caller);
    if (running) {
      running.waiting += 1;
      return running.answer;
    }
    const before = waiting.get(caller) ?? 0;
    waiting.delete(caller);
    const mine = { answer: Promise.resolve(false), waiting: 0 };
    mine.answer = ask(caller, Math.max(size, before)).then((lease) => {
      asking.delete(caller);
      if (mine.waiting > 0) waiting.set(caller, mine.waiting);
      if (lease) leases.set(caller, lease);
      return lease !== null;
    });
    asking.set(caller, mine);
    return mine.answer;
  }
  const taken = ({ left, used, until }: Lease, isAllowed: boolean): Taken => ({
    isAllowed,
    remaining: Math.max(0, max - used + left),
    ttlMs: Math.max(0, until - time()),
  });

  return {
    max,
    take: async (caller) => {
      for (;;) {
        const lease = leases.get(caller);
        if (lease && time() < lease.until) {
          if (lease.left > 0) {
            lease.left -= 1;
            return taken(lease, true);
          }
          // Nothing is left of the window, whoever asks.
          if (lease.used >= max) return taken(lease, false);
        }
        if (!(await renew(caller))) return null;
      }
    },
    look: async (caller) => {
      const lease = await ask(caller, 0);
      return lease && taken(lease, lease.used < max);
    },
  };
}
