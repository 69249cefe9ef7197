/** What a process needs for events out: the wake, the one reader, and the streams that are open, within limits. */
import type { ServerResponse } from "node:http";
import type { Config } from "../config.ts";
import { onPlatform, type Pool } from "../db/pool.ts";
import { Refusal } from "../errors.ts";
import { createFeed } from "./feed.ts";
import type { Source } from "./source.ts";
import { openStream, type Stream, type StreamInput } from "./stream.ts";
import type { Wake } from "./wake.ts";

export interface Timeline {
  /** Says that events were committed. */
  ring(): void;
  /** Calls back when events were committed anywhere, and whenever a word of it may have been lost. Answers what ends it. */
  onNews(look: () => void): () => void;
  /** Takes a place among the streams that may be open; refuses with 429 where there is none. */
  admit(tenantId: string): Admission;
  counts(): { streams: number; tenants: number; followers: number };
  /** Ends every stream, and admits no more: before the server closes, which would wait for them. */
  endStreams(): Promise<void>;
  close(): Promise<void>;
}

export interface Admission {
  /** Answers the request as a stream. It gives the place back when it closes. */
  open(out: ServerResponse, input: StreamInput): void;
  /** Gives the place back where it came to nothing. */
  leave(): void;
}

/** Reads of streams that resume, at one moment. */
const TURNS = 3;
/** Told to readers as the time after which to come back, spread so that not all come at one moment. */
const RETRY_MS = 2_000;
/** For what was written to go out before a stream that does not close is cut. */
const LAST_WORDS_MS = 1_000;

export function createTimeline(parts: {
  pool: Pool;
  wake: Wake;
  source: Source;
  settings: Config["stream"];
  onTrouble(error: Error): void;
}): Timeline {
  const { wake, settings } = parts;
  const db = onPlatform(parts.pool);
  const feed = createFeed(parts.source, wake, settings.pollMs, parts.onTrouble);
  const inTurn = turns(TURNS);
  const open = new Map<Stream, ServerResponse>();
  const perTenant = new Map<string, number>();
  let admitted = 0;
  let ending = false;

  return {
    ring: () => wake.ring(),
    onNews: (look) => wake.listen(look),
    admit: (tenantId) => {
      const mine = perTenant.get(tenantId) ?? 0;
      if (ending) throw new Refusal("unavailable", "This process is stopping. Open the stream again in a moment.");
      if (mine >= settings.maxPerTenant) throw tooMany(`This tenant has ${mine} streams open, which is as many as it may have.`);
      if (admitted >= settings.maxOpen) throw tooMany(`${admitted} streams are open here, which is as many as there may be.`);
      perTenant.set(tenantId, mine + 1);
      admitted += 1;
      let left = false;
      const leave = (): void => {
        if (left) return;
        left = true;
        admitted -= 1;
        const others = perTenant.get(tenantId)! - 1;
        if (others > 0) perTenant.set(tenantId, others);
        else perTenant.delete(tenantId);
      };
      return {
        leave,
        open: (out, input) => {
          const stream = openStream(out, input, {
            feed,
            db,
            inTurn,
            heartbeatMs: settings.heartbeatMs,
            maxBufferedBytes: settings.maxBufferedBytes,
            stallMs: settings.stallMs,
            retryMs: Math.round(RETRY_MS * (1 + Math.random())),
            onTrouble: (error) => {
              if (error instanceof Refusal) return false;
              parts.onTrouble(error);
              return true;
            },
          });
          open.set(stream, out);
          void stream.closed.then(() => {
            open.delete(stream);
            leave();
          });
          if (ending) stream.end();
        },
      };
    },
    counts: () => ({ streams: admitted, ...feed.counts() }),
    endStreams: async () => {
      ending = true;
      const cut = setTimeout(() => {
        for (const out of open.values()) out.destroy();
      }, LAST_WORDS_MS);
      for (const stream of open.keys()) stream.end();
      await Promise.all([...open.keys()].map((stream) => stream.closed));
      clearTimeout(cut);
    },
    close: async () => {
      feed.close();
      await wake.close();
    },
  };
}

function tooMany(words: string): Refusal {
  return new Refusal("rate_limited", words);
}

/** Lets so many pieces of work run at a time; the others wait in the order in which they came. */
function turns(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      // The turn goes to the next, or is given back.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
