/**
 * What sends in a process: hands out what is new and sends what is due, some at a time, of each endpoint a few. Processes that work on jobs
 * have it look by itself; it is woken by the same word as the streams, but listens only while there are endpoints.
 */
import type { Dispatcher } from "undici";
import type { Context } from "../../context.ts";
import { deliver } from "./deliver.ts";
import { claimDeliveries, nextDue } from "./delivery-store.ts";
import { type FannedOut, fanOut } from "./fan-out.ts";

export interface Sender {
  /** Works until nothing is due. */
  work(): Promise<void>;
  /** Looks soon, where this process sends; and has those look that do. */
  look(): void;
  /** From now on it works by itself. */
  start(): void;
  /** Claims no more, and lets what is under way end. */
  close(): Promise<void>;
}

const AT_ONCE = 64;
const OF_EACH = 8;
/** Far beyond what one request may take. */
const LEASE_MS = 180_000;
/** Between two reads of what is new. */
const GAP_MS = 20;
const UNSETTLED_MS = 50;

export function createSender(ctx: () => Context, agent: Dispatcher & { close(): Promise<void> }): Sender {
  const underWay = new Map<string, { endpoint: string; failing: boolean; ended: Promise<void> }>();
  let working: Promise<void> | null = null;
  /** There may be something new. */
  let again = false;
  let wakeUp: () => void = () => undefined;
  let started = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let unlisten: (() => void) | null = null;

  /** One at a time in a process: who asks meanwhile has it look once more. */
  function work(): Promise<void> {
    again = true;
    wakeUp();
    working ??= run().finally(() => {
      working = null;
    });
    return working;
  }

  async function run(): Promise<void> {
    clearTimeout(timer);
    let wait: number = ctx().config.stream.pollMs;
    try {
      wait = await untilIdle();
    } catch (error) {
      if (!started) throw error;
      ctx().log.error({ err: error, part: "webhooks" }, "sending webhooks was interrupted");
    }
    if (started && !closed) timer = setTimeout(() => void work(), wait).unref();
  }

  /** Answers after how long to look again unasked. */
  async function untilIdle(): Promise<number> {
    const { config, clock, pool } = ctx();
    let news: FannedOut = { endpoints: false, more: true, unsettled: true };
    while (!closed) {
      if (again || news.more || news.unsettled) {
        again = false;
        news = await fanOut(ctx());
        listen(news.endpoints);
      }
      const claimed = news.endpoints ? await claim() : 0;
      if (news.more) continue;
      if (again) await waitFor(GAP_MS);
      else if (underWay.size > 0 || news.unsettled) await waitFor(news.unsettled ? UNSETTLED_MS : config.stream.pollMs);
      else if (claimed === 0) break;
    }
    await Promise.all([...underWay.values()].map(({ ended }) => ended));
    const due = news.endpoints && !closed ? await nextDue(pool) : null;
    return due === null ? config.stream.pollMs : Math.max(GAP_MS, Math.min(config.stream.pollMs, due - clock.now()));
  }

  async function claim(): Promise<number> {
    const free = AT_ONCE - underWay.size;
    if (free <= 0) return 0;
    const { pool, clock, log } = ctx();
    const perEndpoint = new Map<string, number>();
    for (const { endpoint, failing } of underWay.values())
      perEndpoint.set(endpoint, (perEndpoint.get(endpoint) ?? 0) + (failing ? OF_EACH : 1));
    const busy = [...perEndpoint].flatMap(([endpoint, count]) => (count >= OF_EACH ? [endpoint] : []));
    const now = clock.now();
    const rows = await claimDeliveries(pool, { now, until: now + LEASE_MS }, { all: free, each: OF_EACH, busy });
    for (const row of rows) {
      const key = `${row.id} ${row.fence}`;
      const ended = deliver(ctx(), agent, row)
        // Not written down: its lease ends, and it is sent again.
        .catch((error: unknown) => {
          log.error({ err: error, webhook_delivery: row.id }, "what became of a webhook could not be written down");
          return false;
        })
        .then((news) => {
          if (news) again = true;
          underWay.delete(key);
          // Of many that end at one moment, not each has the database asked.
          if (underWay.size === 0 || AT_ONCE - underWay.size >= OF_EACH) wakeUp();
        });
      underWay.set(key, { endpoint: row.endpoint_id, failing: row.failing, ended });
    }
    return rows.length;
  }

  /** So long, or until there is something to do. */
  function waitFor(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const limit = setTimeout(resolve, ms);
      wakeUp = () => {
        clearTimeout(limit);
        resolve();
      };
    });
  }

  function listen(endpoints: boolean): void {
    if (!started || endpoints === (unlisten !== null)) return;
    unlisten?.();
    unlisten = endpoints ? ctx().timeline.onNews(() => void work()) : null;
  }

  return {
    work,
    look: () => {
      ctx().timeline.ring();
      if (started && !closed) void work();
    },
    start: () => {
      started = true;
      void work();
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      unlisten?.();
      wakeUp();
      await working;
      await agent.close();
    },
  };
}
