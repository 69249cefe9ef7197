/**
 * Wakes by NOTIFY. It is sent right after the transaction that wrote events, not within it: a commit that notifies takes one lock
 * of the whole server until it is on disk, so that such commits queue up one by one (docs/decisions/0017-wake-after-commit.md).
 */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { stopwatch } from "../clock.ts";
import { type Pool, run } from "../db/pool.ts";
import type { Wake } from "./wake.ts";

export const CHANNEL = "billwright_events";
/** Words within this time are told as one. */
const GAP_MS = 10;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;

export function postgresWake(pool: Pool, connectionString: string, onTrouble: (error: Error) => void): Wake {
  const listeners = new Set<() => void>();
  const self = randomBytes(8).toString("base64url");
  let client: pg.Client | null = null;
  let closed = false;
  let retry: NodeJS.Timeout | undefined;
  let failures = 0;

  const wakeAll = (): void => {
    for (const listener of listeners) listener();
  };

  /** One connection for the whole process, from the first who listens on; whoever hears of its end makes the next. */
  async function connect(): Promise<void> {
    const mine = new pg.Client({ connectionString, application_name: "billwright events", keepAlive: true });
    client = mine;
    let over = false;
    const lost = (error: Error): void => {
      if (over) return;
      over = true;
      if (client === mine) client = null;
      mine.end().catch(() => undefined);
      if (closed || listeners.size === 0) return;
      onTrouble(error);
      // Many processes lose the server at one moment, and should not come back at one moment.
      const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures++) * (0.5 + Math.random() / 2);
      retry = setTimeout(() => void connect(), wait);
    };
    mine.on("error", lost);
    mine.on("end", () => lost(new Error("the connection that listens for events ended")));
    mine.on("notification", ({ payload }) => {
      // What this process wrote it has looked at already.
      if (payload !== self) wakeAll();
    });
    try {
      await mine.connect();
      await mine.query(`listen ${CHANNEL}`);
      failures = 0;
      // What was said while nobody listened.
      wakeAll();
    } catch (error) {
      lost(error as Error);
    }
  }

  let telling: Promise<void> | null = null;
  let again = false;
  async function tell(): Promise<void> {
    do {
      again = false;
      const time = stopwatch();
      // The word is not worth waiting for the disk; who misses it looks by itself some seconds later.
      await run(pool, "select set_config('synchronous_commit', 'off', true), pg_notify($1, $2)", [CHANNEL, self]).catch(() => undefined);
      if (!closed) await new Promise((resolve) => setTimeout(resolve, Math.max(0, GAP_MS - time())));
    } while (again);
    telling = null;
  }

  return {
    ring: () => {
      // Its own streams need no word by way of the server.
      wakeAll();
      again = true;
      telling ??= tell();
    },
    listen: (onWake) => {
      // Each has a place of its own in the set, though two may hand in one function.
      const listener = (): void => onWake();
      listeners.add(listener);
      if (listeners.size === 1 && client === null && !closed) {
        clearTimeout(retry);
        void connect();
      }
      return () => void listeners.delete(listener);
    },
    close: async () => {
      closed = true;
      clearTimeout(retry);
      listeners.clear();
      const mine = client;
      client = null;
      await Promise.all([telling, mine?.end().catch(() => undefined)]);
    },
  };
}
