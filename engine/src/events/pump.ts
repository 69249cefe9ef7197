/**
 * Brings events from the table into the Redis stream. One process of all does it at a time, by a lease that is there to save work: any number may
 * do it at once and the stream is the same, since it takes each event once and only where it has reached the one before.
 */
import type { Database } from "../db/pool.ts";
import { newId } from "../ids.ts";
import type { Redis, Script } from "../redis/redis.ts";
import { findLatest, isInTable, REPLAY_WINDOW, readFollowed } from "./following.ts";
import { END, isAfter, type Place, placeOf, START } from "./place.ts";
import type { EventStream } from "./redis-stream.ts";
import { fedOf } from "./source.ts";

export interface Pump {
  /** Whether this process is the one that does it. */
  leads(): boolean;
  /** Somebody said that there is something new; whoever leads looks. */
  look(): void;
  /** Takes part from now on, as long as `wanted`; looks around whenever Redis came back. */
  begin(): void;
  close(): Promise<void>;
}

export interface PumpParts {
  redis: Redis;
  stream: EventStream;
  db: Database;
  /** About how many events an empty stream is filled with; 0: it begins with what is new. */
  replay: number;
  pollMs: number;
  wanted(): boolean;
  /** Tells whoever leads to look. */
  handOn(): void;
  onTrouble(error: Error): void;
}

const PAGE = 500;
const LEASE_MS = 1_500;
const TICK_MS = 300;
/** A round that takes longer lets go of the lease: another process may fare better. */
const LONGEST_ROUND_MS = 3_000;
/** An older transaction that ends without events tells nobody, so that it is looked for: soon at first, then more rarely. */
const UNSETTLED_MS = [5, 10, 20, 40, 80, 100] as const;

const LEASE: Script = {
  name: "billwrightLease",
  keys: 1,
  lua: `
    local holder = redis.call('GET', KEYS[1])
    if holder and holder ~= ARGV[1] then return 0 end
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return 1`,
};
const RELEASE: Script = {
  name: "billwrightRelease",
  keys: 1,
  lua: "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end",
};

export function createPump(parts: PumpParts): Pump {
  const { redis, stream, db } = parts;
  const self = newId("request");
  const lease = `${redis.home}:events:lease`;
  let leads = false;
  let closed = false;
  let running: Promise<void> | null = null;
  let again = false;
  let waits = 0;
  let ticking: NodeJS.Timeout | undefined;
  let timer: NodeJS.Timeout | undefined;
  let late: NodeJS.Timeout | undefined;
  let isLate = false;
  /** Where the stream ends, as far as is known here; null: to be asked. */
  let place: Place | null = null;

  function look(): void {
    if (!leads || closed) return;
    again = true;
    running ??= rounds();
  }

  async function rounds(): Promise<void> {
    clearTimeout(timer);
    let next = parts.pollMs;
    try {
      // What it was told of it brings to the end, also when the lease is another's by now.
      while (again && !closed) {
        again = false;
        late = setTimeout(() => {
          isLate = true;
        }, LONGEST_ROUND_MS).unref();
        next = await round().finally(() => clearTimeout(late));
        isLate = false;
      }
    } catch (error) {
      // Somebody else may reach both; and what was known of either may hold no more.
      place = null;
      isLate = false;
      if (redis.isThere()) parts.onTrouble(error as Error);
      await release();
    }
    running = null;
    // Who has the lease now was not told of what this one looked for.
    if (!leads && !closed) parts.handOn();
    if (leads && !closed) timer = setTimeout(look, again ? 0 : next).unref();
  }

  /** Answers after how long to look again unasked. */
  async function round(): Promise<number> {
    const from = place ?? (await findPlaceToBegin());
    const page = await readFollowed(db, null, from, PAGE);
    if (page.rows.length > 0) {
      const { reached, last } = await stream.add(from, page.rows.map(fedOf));
      // It ends before: what lies between was lost with it, and is brought again.
      if (!reached) again = true;
      // It goes on behind what was added here: by another process, or it is another stream. Which, the table says.
      const isForeign = isAfter(last, placeOf(page.rows.at(-1)!));
      if (isForeign) again = true;
      place = isForeign ? null : last;
    } else {
      place = from;
    }
    if (page.more) again = true;
    if (page.rows.length > 0 || !page.unsettled) waits = 0;
    return page.unsettled ? UNSETTLED_MS[Math.min(waits++, UNSETTLED_MS.length - 1)]! : parts.pollMs;
  }

  async function findPlaceToBegin(): Promise<Place> {
    const last = await stream.last();
    // A database that was set back to an earlier day counts on from there: what the stream has is of another future.
    if (last !== null && (await isInTable(db, last.place, last.eventId))) return last.place;
    if (last !== null) await stream.drop(last.place);
    const begin =
      parts.replay > 0 ? await findLatest(db, Math.min(parts.replay, REPLAY_WINDOW)) : (await readFollowed(db, [], END, 1)).upTo;
    const { last: place } = await stream.add(begin ?? START, []);
    return place;
  }

  async function tick(): Promise<void> {
    if (closed) return;
    try {
      if (!parts.wanted() || isLate) {
        await release();
      } else if (redis.isThere()) {
        const mine = (await redis.run(LEASE, [lease], [self, LEASE_MS])) === 1;
        const isNew = mine && !leads;
        leads = mine;
        if (isNew) {
          place = null;
          look();
        }
      } else {
        leads = false;
      }
    } catch {
      leads = false;
    }
    if (!closed) ticking = setTimeout(() => void tick(), TICK_MS * (0.75 + Math.random() / 2)).unref();
  }

  async function release(): Promise<void> {
    if (!leads) return;
    leads = false;
    clearTimeout(timer);
    await redis.run(RELEASE, [lease], [self]).catch(() => undefined);
  }

  return {
    leads: () => leads,
    look,
    begin: () => {
      if (closed) return;
      clearTimeout(ticking);
      void tick();
    },
    close: async () => {
      closed = true;
      clearTimeout(ticking);
      clearTimeout(timer);
      await running;
      await release();
    },
  };
}
