/**
 * The events of all tenants in a Redis stream, as they go over the wire. The id of an entry is the place of its event in the one order, so
 * that Redis itself keeps them in that order and takes none twice. What the stream holds has no gap: from its first entry to its last it
 * is all that was said, since a step adds only from a place that the stream has reached.
 */
import type { Redis, Script } from "../redis/redis.ts";
import { isAfter, type Place } from "./place.ts";
import type { FedEvent } from "./source.ts";

/** Unused for so long it is dropped, as that of a database that is no more. */
const KEPT_SECONDS = 86_400;
/** What is handed over in one step. */
const COUNT = 1_000;

const ADD: Script = {
  name: "billwrightAddEvents",
  keys: 1,
  // ARGV: place to add from, length, seconds, channel; then of each event its place, id, tenant, type and frame. Numbers of 64 bits are compared as texts.
  lua: `
    local function isAfter(a, b)
      local ax, as = string.match(a, '^(%d+)-(%d+)$')
      local bx, bs = string.match(b, '^(%d+)-(%d+)$')
      if ax == bx then ax, bx = as, bs end
      if #ax ~= #bx then return #ax > #bx end
      return ax > bx
    end
    local stream = KEYS[1]
    local top = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)
    local last = ARGV[1]
    if #top > 0 then
      last = top[1][1]
    else
      redis.call('DEL', stream)
      redis.call('XADD', stream, last, 'begins', '')
    end
    if isAfter(ARGV[1], last) then return {0, last} end
    local added = 0
    for i = 5, #ARGV, 5 do
      if isAfter(ARGV[i], last) then
        last = ARGV[i]
        redis.call('XADD', stream, 'MAXLEN', '~', ARGV[2], last, 'id', ARGV[i + 1], 'tenant', ARGV[i + 2], 'type', ARGV[i + 3], 'frame', ARGV[i + 4])
        added = added + 1
      end
    end
    redis.call('EXPIRE', stream, ARGV[3])
    if added > 0 then redis.call('PUBLISH', ARGV[4], last) end
    return {1, last}`,
};

const READ: Script = {
  name: "billwrightReadEvents",
  keys: 1,
  lua: `
    local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)
    if #first == 0 then return false end
    return {first[1][1], redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])}`,
};

const LAST: Script = {
  name: "billwrightLastEvent",
  keys: 1,
  lua: "return redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1] or false",
};

const DROP: Script = {
  name: "billwrightDropEvents",
  keys: 1,
  lua: `
    local top = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
    if #top > 0 and top[1][1] == ARGV[1] then redis.call('DEL', KEYS[1]) end`,
};

type Entry = [id: string, fields: string[]];

export interface EventStream {
  /** Told when something was added: nothing but a word. */
  readonly channel: string;
  /** Adds what follows a place, as far as it is not there; an empty stream begins at that place. Answers where it ends now, and whether it had reached `from`. */
  add(from: Place, events: readonly FedEvent[]): Promise<{ reached: boolean; last: Place }>;
  /** What comes after a place; null: it does not reach back so far. */
  read(after: Place): Promise<{ events: FedEvent[]; more: boolean } | null>;
  /** Its end: the place, and the event there, unless nothing but its beginning is left. */
  last(): Promise<{ place: Place; eventId: string | null } | null>;
  /** Drops it if it still ends there. */
  drop(last: Place): Promise<void>;
}

export function eventStream(redis: Redis, length: number): EventStream {
  const key = `${redis.home}:events`;
  const channel = `${redis.home}:events:told`;
  return {
    channel,
    add: async (from, events) => {
      const told = events.flatMap(({ place, id, tenantId, type, frame }) => [textOf(place), id, tenantId, type, frame]);
      const [reached, last] = (await redis.run(ADD, [key], [textOf(from), length, KEPT_SECONDS, channel, ...told])) as [number, string];
      return { reached: reached === 1, last: placeOfText(last) };
    },
    read: async (after) => {
      const found = (await redis.run(READ, [key], [textOf(after), COUNT])) as [string, Entry[]] | null;
      if (found === null || isAfter(placeOfText(found[0]), after)) return null;
      return { events: found[1].map(eventOf), more: found[1].length >= COUNT };
    },
    last: async () => {
      const entry = (await redis.run(LAST, [key], [])) as Entry | null;
      if (entry === null) return null;
      const { place, id } = eventOf(entry);
      return { place, eventId: id === "" ? null : id };
    },
    drop: async (last) => void (await redis.run(DROP, [key], [textOf(last)])),
  };
}

/** An id of Redis is two numbers of 64 bits, as a place is; but 0-0 is none. */
function textOf({ xid, seq }: Place): string {
  return xid === 0n && seq === 0n ? "0-1" : `${xid}-${seq}`;
}

function placeOfText(text: string): Place {
  const [xid, seq] = text.split("-") as [string, string];
  return { xid: BigInt(xid), seq: BigInt(seq) };
}

/** Fields come in the order in which they were added. Where a stream begins is an entry that is no event. */
function eventOf([at, fields]: Entry): FedEvent {
  const [, id = "", , tenantId = "", , type = "", , frame = ""] = fields;
  return { place: placeOfText(at), id, tenantId, type, frame };
}
