/**
 * One open stream. It begins at a place, reads what the tenant has from there on out of the table, at the pace of its reader, and
 * from where the process's own reading meets it is handed what is new. Its place only moves forward, so nothing is told twice; it joins
 * only where the two overlap, so nothing is left out.
 */
import type { ServerResponse } from "node:http";
import type { Database } from "../db/pool.ts";
import type { FedEvent, Feed, Follower, Following } from "./feed.ts";
import { type Page, readTenant } from "./following.ts";
import { isAfter, later, type Place, placeOf } from "./place.ts";
import { frameOf } from "./view.ts";

export interface StreamInput {
  tenantId: string;
  start: Place;
  /** What to resume from if no event was sent yet. */
  startId: string;
  /** null: every type. */
  types: ReadonlySet<string> | null;
  /** Throws where the credentials are no longer good. */
  recheck(): Promise<void>;
}

export interface StreamParts {
  feed: Feed;
  db: Database;
  /** Runs a read when it is its turn, so that a thousand who come back at once leave connections to others. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  heartbeatMs: number;
  maxBufferedBytes: number;
  retryMs: number;
  /** For what is not the fault of a reader. Answers whether the stream may stay open. */
  onTrouble(error: Error): boolean;
}

const PAGE = 200;
/** Held for a stream that still reads the table; beyond it forgets them, and reads them there too. */
const MAX_PENDING = 1_000;
/** How long a reader of the past may let what was sent lie. */
const STALLED_MS = 30_000;
const RETRY_READ_MS = 500;

export interface Stream {
  readonly closed: Promise<void>;
  /** Ends it in good order: what was written still goes out. */
  end(): void;
}

export function openStream(out: ServerResponse, input: StreamInput, parts: StreamParts): Stream {
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
  let place = input.start;
  let joined = false;
  let over = false;
  let pending: FedEvent[] = [];
  /** Up to here it must have read the table before it can join. */
  let meet: Place | null = null;
  let sentId = input.startId;
  /** The last that passed by, also if it was not wanted. */
  let passedId = sentId;

  function write(text: string): boolean {
    if (over) return false;
    const fits = out.write(text);
    if (!fits && joined && out.writableLength > parts.maxBufferedBytes) {
      // Cut, not ended: an end would keep what is waiting in memory. It resumes from the last event that it got whole.
      out.destroy();
      finish();
    }
    return fits;
  }

  function tell(event: { place: Place; id: string; type: string }, frame: () => string): void {
    if (over || !isAfter(event.place, place)) return;
    place = event.place;
    passedId = event.id;
    if (input.types !== null && !input.types.has(event.type)) return;
    sentId = event.id;
    write(frame());
  }

  const follower: Follower = {
    tenantId: input.tenantId,
    take: (event) => {
      if (joined) {
        tell(event, () => event.frame);
        return;
      }
      pending.push(event);
      if (pending.length <= MAX_PENDING) return;
      meet = event.place;
      pending = [];
    },
  };

  async function run(following: Following): Promise<void> {
    const since = await following.since;
    meet = meet === null ? since : later(meet, since);
    while (!over && isAfter(meet, place)) {
      let page: Page;
      try {
        page = await parts.inTurn(() => readTenant(parts.db, input.tenantId, place, PAGE));
      } catch (error) {
        if (!parts.onTrouble(error as Error)) throw error;
        await wait(RETRY_READ_MS);
        continue;
      }
      for (const row of page.rows) tell({ place: placeOf(row), id: row.id, type: row.type }, () => frameOf(row));
      place = later(place, page.upTo);
      if (!over && out.writableNeedDrain && !(await drained())) {
        out.destroy();
        return;
      }
    }
    joined = true;
    for (const event of pending) tell(event, () => event.frame);
    pending = [];
  }

  function drained(): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (way: boolean) => () => {
        clearTimeout(timer);
        out.off("drain", good);
        out.off("close", bad);
        resolve(way);
      };
      const [good, bad] = [settle(true), settle(false)];
      const timer = setTimeout(bad, STALLED_MS).unref();
      out.on("drain", good);
      out.on("close", bad);
    });
  }

  async function beat(): Promise<void> {
    try {
      await input.recheck();
    } catch (error) {
      if (!parts.onTrouble(error as Error)) {
        write(": these credentials are no longer good\n\n");
        end();
        return;
      }
    }
    // Who waits for few types must not fall behind for it: its place moves on with what it did not want.
    const moved = passedId !== sentId;
    if (moved) sentId = passedId;
    write(moved ? `: still here\nid: ${sentId}\n\n` : ": still here\n\n");
  }

  function end(): void {
    if (over) return;
    out.end();
    finish();
  }

  function finish(): void {
    if (over) return;
    over = true;
    clearInterval(heart);
    following.end();
    pending = [];
  }

  out.on("close", () => {
    finish();
    onClosed();
  });
  out.on("error", finish);
  const heart = setInterval(() => void beat(), parts.heartbeatMs).unref();
  const following = parts.feed.follow(follower);
  write(`retry: ${parts.retryMs}\nid: ${input.startId}\n\n`);
  run(following).catch(() => out.destroy());
  return { closed, end };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
