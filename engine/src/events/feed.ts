/**
 * The one reader of a process: at each wake it reads what is new for all tenants that are followed, and hands it to their
 * followers, in the order that can be trusted. A word that is lost, or a database that is away, costs time and no event: it goes on from its place.
 */
import type { Database } from "../db/pool.ts";
import { readFollowed } from "./following.ts";
import { END, type Place, placeOf } from "./place.ts";
import { frameOf } from "./view.ts";
import type { Wake } from "./wake.ts";

export interface FedEvent {
  place: Place;
  id: string;
  type: string;
  /** As it goes over the wire: printed once, whoever gets it. */
  frame: string;
}

export interface Follower {
  readonly tenantId: string;
  take(event: FedEvent): void;
}

export interface Following {
  /** From which place on the follower is given everything. */
  since: Promise<Place>;
  end(): void;
}

export interface Feed {
  follow(follower: Follower): Following;
  counts(): { followers: number; tenants: number };
  close(): void;
}

const PAGE = 2_000;
/** An older transaction that ends without events wakes nobody, so that it is looked for: soon at first, then more rarely. */
const UNSETTLED_MS = [5, 10, 20, 40, 80, 100] as const;

/** `pollMs`: how often it looks without being woken, which is what a word that was lost may cost. */
export function createFeed(db: Database, wake: Wake, pollMs: number, onTrouble: (error: Error) => void): Feed {
  const followers = new Map<string, Set<Follower>>();
  let count = 0;
  let joining: ((since: Place) => void)[] = [];
  /** null: nobody follows, so nothing has to be kept up with. */
  let place: Place | null = null;
  let reading = false;
  let again = false;
  let waits = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopListening: (() => void) | null = null;
  let closed = false;

  function look(): void {
    if (closed || count === 0) return;
    again = true;
    if (!reading) void readAll();
  }

  async function readAll(): Promise<void> {
    reading = true;
    clearTimeout(timer);
    let next = pollMs;
    try {
      while (again && !closed && count > 0) {
        again = false;
        next = await readOnce();
      }
    } catch (error) {
      onTrouble(error as Error);
      next = UNSETTLED_MS.at(-1)! * 5;
    }
    reading = false;
    if (count === 0) place = null;
    else if (!closed) timer = setTimeout(look, next).unref();
  }

  /** Answers after how long to look again unasked. */
  async function readOnce(): Promise<number> {
    const asked = joining;
    joining = [];
    // Whoever joins while this is under way is not in this list, and waits for the next read.
    const tenants = [...followers.keys()];
    const from = place;
    let page: Awaited<ReturnType<typeof readFollowed>>;
    try {
      page = await readFollowed(db, from === null ? [] : tenants, from ?? END, PAGE);
    } catch (error) {
      joining = [...asked, ...joining];
      throw error;
    }
    place = page.upTo;
    for (const join of asked) join(from ?? page.upTo);
    for (const row of page.rows) {
      const event: FedEvent = { place: placeOf(row), id: row.id, type: row.type, frame: frameOf(row) };
      for (const follower of followers.get(row.tenant_id!) ?? []) follower.take(event);
    }
    if (page.more) again = true;
    if (page.rows.length > 0 || !page.unsettled) waits = 0;
    return page.unsettled ? UNSETTLED_MS[Math.min(waits++, UNSETTLED_MS.length - 1)]! : pollMs;
  }

  return {
    follow: (follower) => {
      const others = followers.get(follower.tenantId) ?? new Set();
      followers.set(follower.tenantId, others.add(follower));
      count += 1;
      stopListening ??= wake.listen(look);
      const since = new Promise<Place>((resolve) => joining.push(resolve));
      look();
      return {
        since,
        end: () => {
          if (!others.delete(follower)) return;
          count -= 1;
          if (others.size === 0 && followers.get(follower.tenantId) === others) followers.delete(follower.tenantId);
          if (count > 0) return;
          clearTimeout(timer);
          joining = [];
          if (!reading) place = null;
        },
      };
    },
    counts: () => ({ followers: count, tenants: followers.size }),
    close: () => {
      closed = true;
      clearTimeout(timer);
      stopListening?.();
    },
  };
}
