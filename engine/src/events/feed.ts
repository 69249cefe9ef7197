/**
 * The one reader of a process: at each wake it reads what is new for all tenants that are followed, and hands it to their
 * followers, in the order that can be trusted. A word that is lost, or a database that is away, costs time and no event: it goes on from its place.
 */
import type { Place } from "./place.ts";
import type { FedEvent, Portion, Source } from "./source.ts";
import type { Wake } from "./wake.ts";

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

/** An older transaction that ends without events wakes nobody, so that it is looked for: soon at first, then more rarely. */
const UNSETTLED_MS = [5, 10, 20, 40, 80, 100] as const;

/** `pollMs`: how often it looks without being woken, which is what a word that was lost may cost. */
export function createFeed(source: Source, wake: Wake, pollMs: number, onTrouble: (error: Error) => void): Feed {
  const followers = new Map<string, Set<Follower>>();
  let count = 0;
  let joining: ((since: Place) => void)[] = [];
  /** null: nobody follows, so nothing has to be kept up with. */
  let place: Place | null = null;
  let reading = false;
  let again = false;
  let woken = false;
  let waits = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopListening: (() => void) | null = null;
  let closed = false;

  function wakened(): void {
    woken = true;
    look();
  }

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
    const wasWoken = woken;
    woken = false;
    let page: Portion;
    try {
      page = await source.read(tenants, from, wasWoken);
    } catch (error) {
      joining = [...asked, ...joining];
      throw error;
    }
    place = page.upTo;
    for (const join of asked) join(from ?? page.upTo);
    for (const event of page.events) {
      for (const follower of followers.get(event.tenantId) ?? []) follower.take(event);
    }
    if (page.more) {
      again = true;
      woken ||= wasWoken;
    }
    if (page.events.length > 0 || !page.unsettled) waits = 0;
    if (page.unsettled) return UNSETTLED_MS[Math.min(waits++, UNSETTLED_MS.length - 1)]!;
    return Math.min(pollMs, page.againMs ?? pollMs);
  }

  return {
    follow: (follower) => {
      const others = followers.get(follower.tenantId) ?? new Set();
      followers.set(follower.tenantId, others.add(follower));
      count += 1;
      stopListening ??= wake.listen(wakened);
      const since = new Promise<Place>((resolve) => joining.push(resolve));
      wakened();
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
          stopListening?.();
          stopListening = null;
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
