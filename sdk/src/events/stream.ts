/** Reads a tenant's events as they happen (Server-Sent Events), over as many connections as it takes. */
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { BillwrightError, isOutage } from "../error.ts";
import { parseJson } from "../json.ts";
import { pause, waitBefore } from "../retry.ts";
import type { Transport } from "../transport.ts";
import type { Schemas } from "../types.ts";

export type BillingEvent = Schemas["BillingEvent"];
export type BillingEventType = BillingEvent["type"];

export interface FollowOptions {
  /** Ends the stream; it then ends, it does not throw. */
  signal?: AbortSignal;
  /** Go on after this event; absent: from now on. */
  lastEventId?: string;
  /** A connection on which nothing came for so long, not even a heartbeat, is given up; 45,000 ms, three heartbeats, if not said. */
  silence?: number;
  /** Told when a connection stands, and when one was lost and will be made again. */
  onConnection?: (state: "open" | "lost", error?: unknown) => void;
}

// A message longer than this is none of the engine's.
const MAX_BUFFER = 4 * 1_048_576;

/** Throws `BillwrightError` where the engine refuses (a tenant that is not there, a key that may not); outages are waited for. */
export async function* follow(
  transport: Transport,
  tenant: string,
  options: FollowOptions = {},
): AsyncGenerator<BillingEvent, void, undefined> {
  const { signal, onConnection } = options;
  const ended = () => signal?.aborted === true;
  let last = options.lastEventId;
  let wish: number | null = null;
  for (let failures = 0; !ended(); failures++) {
    let lost: unknown;
    try {
      for await (const message of connection(transport, tenant, last, options)) {
        if (message === "open") {
          failures = 0;
          onConnection?.("open");
          continue;
        }
        if (typeof message === "number") {
          wish = message;
          continue;
        }
        last = message.id ?? last;
        yield parseJson(message.data) as BillingEvent;
        if (ended()) return;
      }
    } catch (error) {
      if (ended()) return;
      if (error instanceof BillwrightError && !isOutage(error)) throw error;
      lost = error;
    }
    if (ended()) return;
    onConnection?.("lost", lost);
    const asked = lost instanceof BillwrightError ? lost.retryAfter : null;
    await pause(waitBefore(failures, asked ?? wish), signal).catch(() => undefined);
  }
}

/** Its messages; "open" first, and a number where the engine wishes for another wait before the next connection. */
async function* connection(
  transport: Transport,
  tenant: string,
  last: string | undefined,
  { signal, silence = 45_000 }: FollowOptions,
): AsyncGenerator<EventSourceMessage | "open" | number, void, undefined> {
  const over = new AbortController();
  const stop = () => over.abort(signal?.reason);
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => over.abort(new BillwrightError(0, { code: "timeout", detail: "The stream fell silent." })), silence);
    // A process that only listens to its cache may end.
    (timer as { unref?: () => void }).unref?.();
  };
  try {
    const response = await transport.open("/v1/tenants/{tenant_id}/events/stream", {
      path: { tenant_id: tenant },
      headers: { accept: "text/event-stream", "cache-control": "no-cache", ...(last === undefined ? {} : { "last-event-id": last }) },
      signal: over.signal,
    });
    if (!response.body || !response.headers.get("content-type")?.startsWith("text/event-stream")) {
      await response.body?.cancel();
      throw new BillwrightError(0, { code: "unreadable", detail: "What answered the stream is no event stream." });
    }
    yield "open";
    const messages: (EventSourceMessage | number)[] = [];
    const parser = createParser({
      onEvent: (message) => messages.push(message),
      onRetry: (ms) => messages.push(ms),
      maxBufferSize: MAX_BUFFER,
    });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    heard();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      parser.feed(value);
      for (const message of messages.splice(0)) yield message;
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
    // Whoever stopped reading wants the connection closed too.
    over.abort();
  }
}
