/** A reader of Server-Sent Events over a socket of its own, by the rules of the HTML standard, that remembers what it was sent. */
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { sleep } from "../src/clock.ts";
import { onPool } from "../src/db/pool.ts";
import { TEST_KEY, type World } from "./world.ts";

/**
 * Waits until all that was committed is news no more. A stream without an id tells what is told from then on, and that is in the order of the
 * whole server: as long as some older transaction runs, of any test's database, what was committed is still to be told.
 */
export async function settled(world: World): Promise<void> {
  const db = onPool(world.billing.ctx.pool);
  const isSettled = async (): Promise<boolean> => {
    const [row] = await db.query<{ settled: boolean }>(
      "select not exists (select 1 from billing_events where xid >= pg_snapshot_xmin(pg_current_snapshot())) as settled",
    );
    return row!.settled;
  };
  while (!(await isSettled())) await sleep(5);
}

export interface Heard {
  id: string;
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: events are looked into freely by tests
  data: any;
}

export interface StreamClient {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly events: Heard[];
  readonly comments: string[];
  /** What it would send as Last-Event-ID. */
  lastId(): string;
  retry(): number | null;
  /** Resolves once the events that were heard satisfy this; rejects when the stream ends before, or after `ms`. */
  until(enough: (events: Heard[]) => boolean, ms?: number): Promise<Heard[]>;
  /** Of an answer that is no stream. */
  text(): Promise<string>;
  readonly ended: Promise<void>;
  pause(): void;
  resume(): void;
  cut(): void;
}

export interface Ask {
  key?: string;
  lastId?: string;
  query?: string;
}

export async function openClient(port: number, tenant: string, ask: Ask = {}): Promise<StreamClient> {
  const { promise: answered, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const asked: ClientRequest = request({
    port,
    host: "127.0.0.1",
    path: `/v1/tenants/${tenant}/events/stream${ask.query ? `?${ask.query}` : ""}`,
    agent: false,
    headers: { authorization: `Bearer ${ask.key ?? TEST_KEY}`, ...(ask.lastId === undefined ? {} : { "last-event-id": ask.lastId }) },
  });
  asked.on("response", resolve).on("error", reject).end();
  const answer = await answered;
  answer.on("error", () => undefined);

  const events: Heard[] = [];
  const comments: string[] = [];
  let lastId = ask.lastId ?? "";
  let retry: number | null = null;
  let rest = "";
  let whole = "";
  let waiting: (() => void)[] = [];
  let over = false;
  const isStream = answer.statusCode === 200;
  answer.setEncoding("utf8");
  answer.on("data", (text: string) => {
    if (!isStream) {
      whole += text;
      return;
    }
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop()!;
    for (const block of blocks) take(block);
    for (const look of waiting) look();
  });
  const ended = new Promise<void>((done) => answer.on("close", done)).then(() => {
    over = true;
    for (const look of waiting) look();
  });

  function take(block: string): void {
    let [type, data] = ["message", null as string | null];
    for (const line of block.split("\n")) {
      const at = line.indexOf(": ");
      if (line.startsWith(":")) comments.push(line.slice(1).trim());
      else if (at < 0) throw new Error(`no line of a stream: ${JSON.stringify(line)}`);
      else if (line.startsWith("id: ")) lastId = line.slice(4);
      else if (line.startsWith("retry: ")) retry = Number(line.slice(7));
      else if (line.startsWith("event: ")) type = line.slice(7);
      else if (line.startsWith("data: ")) data = (data === null ? "" : `${data}\n`) + line.slice(6);
      else throw new Error(`an unknown field of a stream: ${JSON.stringify(line)}`);
    }
    if (data !== null) events.push({ id: lastId, type, data: JSON.parse(data) });
  }

  return {
    status: answer.statusCode!,
    headers: answer.headers,
    events,
    comments,
    lastId: () => lastId,
    retry: () => retry,
    until: (enough, ms = 15_000) =>
      new Promise((found, failed) => {
        const settle = (act: () => void): void => {
          clearTimeout(timer);
          waiting = waiting.filter((one) => one !== look);
          act();
        };
        const look = (): void => {
          if (enough(events)) settle(() => found(events));
          else if (over)
            settle(() => failed(new Error(`the stream ended after ${events.length} events: ${events.map((one) => one.type)}`)));
        };
        const timer = setTimeout(() => settle(() => failed(new Error(`only ${events.length} events came in ${ms} ms`))), ms);
        waiting.push(look);
        look();
      }),
    text: () => ended.then(() => whole),
    ended,
    pause: () => void answer.pause(),
    resume: () => void answer.resume(),
    cut: () => void asked.destroy(),
  };
}
