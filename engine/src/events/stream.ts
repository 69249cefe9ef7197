/**
 * One open stream. It begins at a place, reads what the tenant has from there on out of the table, at the pace of its reader, and
 * from where the process's own reading meets it is handed what is new. Its place only moves forward, so nothing is told twice; it joins
 * only where the two overlap, so nothing is left out.
 */
import type { ServerResponse } from "node:http";
import type { Database } from "../db/pool.ts";
import type { Feed, Follower } from "./feed.ts";
import { type Page, readTenant } from "./following.ts";
import { isAfter, later, type Place, placeOf, START } from "./place.ts";
import type { FedEvent } from "./source.ts";
import { frameOf } from "./view.ts";

export interface StreamInput {
  tenantId: string;
  start: Place;
  /** What to resume from if no event was sent yet. */
  startId: string;
  /** Behind the start: its reader has what this transaction said up to here. */
  known: Place | null;
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
  /** Beyond this nothing is added to what waits for the reader, but for an event that alone is larger. */
  maxBufferedBytes: number;
  /** How long a reader may take nothing of it. */
  stallMs: number;
  retryMs: number;
  /** For what is not the fault of a reader. Answers whether the stream may stay open. */
  onTrouble(error: Error): boolean;
}

const PAGE = 200;
/** Held for a stream that still reads the table; beyond it forgets them, and reads them there too. */
const MAX_PENDING = 1_000;
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
  let meet: Place = START;
  let sentId = input.startId;
  /** The last that passed by, also if it was not wanted. */
  let passedId = sentId;

  function write(text: string): void {
    if (!over) out.write(text);
  }

  const isFull = (): boolean => out.writableLength > parts.maxBufferedBytes;

  function tell(event: { place: Place; id: string; type: string }, frame: () => string): void {
    if (over || !isAfter(event.place, place)) return;
    place = event.place;
    passedId = event.id;
    if (input.known?.xid === event.place.xid && !isAfter(event.place, input.known)) return;
    if (input.types !== null && !input.types.has(event.type)) return;
    sentId = event.id;
    write(frame());
  }

  const follower: Follower = {
    tenantId: input.tenantId,
    take: (event) => {
      if (joined && isFull()) {
        // Too much for it at once: from here on it reads the table again, at its own pace.
        joined = false;
        meet = event.place;
        void catchUp().catch(cut);
      } else if (joined) {
        tell(event, () => event.frame);
      } else if (pending.push(event) > MAX_PENDING) {
        meet = event.place;
        pending = [];
      }
    },
  };

  async function begin(): Promise<void> {
    const since = await following.since;
    meet = later(meet, since);
    await catchUp();
  }

  /** Reads the table until all that it was not handed is told; cuts who lets it lie. */
  async function catchUp(): Promise<void> {
    while (!over) {
      if (!(await drained())) return cut();
      if (isAfter(meet, place)) {
        await readPage();
      } else if (handOver()) {
        joined = true;
        return;
      }
    }
  }

  async function readPage(): Promise<void> {
    let page: Page;
    try {
      page = await parts.inTurn(() => readTenant(parts.db, input.tenantId, place, PAGE));
    } catch (error) {
      if (!parts.onTrouble(error as Error)) throw error;
      await wait(RETRY_READ_MS);
      return;
    }
    for (const row of page.rows) {
      tell({ place: placeOf(row), id: row.id, type: row.type }, () => frameOf(row));
      if (isFull() && !(await drained())) return cut();
      if (over) return;
    }
    place = later(place, page.upTo);
  }

  /** Tells what came in the meantime; false if that is too much at once, and the rest is to be read. */
  function handOver(): boolean {
    const held = pending;
    pending = [];
    for (const event of held) {
      if (isFull()) {
        meet = held.at(-1)!.place;
        return false;
      }
      tell(event, () => event.frame);
    }
    return true;
  }

  /** Waits until all is on its way; false where nobody takes it. */
  async function drained(): Promise<boolean> {
    if (!out.writableNeedDrain) return true;
    return new Promise((resolve) => {
      const settle = (way: boolean) => () => {
        clearTimeout(timer);
        out.off("drain", good);
        out.off("close", bad);
        resolve(way);
      };
      const [good, bad] = [settle(true), settle(false)];
      const timer = setTimeout(bad, parts.stallMs).unref();
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

  /** An end would keep in memory what is waiting. The reader resumes from the last event that it got whole. */
  function cut(): void {
    out.destroy();
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
  begin().catch(cut);
  return { closed, end };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
