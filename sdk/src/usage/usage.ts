/** Usage: recorded at once, sent in batches, read back. */
import { BillwrightError } from "../error.ts";
import { type List, listOf } from "../list.ts";
import { pause } from "../retry.ts";
import type { Transport } from "../transport.ts";
import type { CallOptions, ItemOf, Query } from "../types.ts";
import { complete, type UsageEvent } from "./event.ts";
import { Sender, type SenderOptions } from "./sender.ts";
import type { OpenSpool, Spool, SpoolLimits, WhenFull } from "./spool.ts";

export interface UsageOptions extends Partial<SenderOptions> {
  /** Bytes that may wait for the engine; 256 MiB if not said (4 MiB in a browser). */
  maxBytes?: number;
  /** What becomes of a new event when so many wait: "reject" (`record` throws `spool_full`) if not said. */
  whenFull?: WhenFull;
  /** Told which events "drop_oldest" gave up. */
  onDropped?: (events: readonly UsageEvent[]) => void;
  /** false: events without `at` get the engine's time of arrival, which a test clock needs. */
  stamp?: boolean;
}

export interface Recorded {
  accepted: number;
  duplicates: number;
  results: { id: string; status: "accepted" | "duplicate" }[];
}

const OF_TENANT = "/v1/tenants/{tenant_id}/usage";

export class Usage {
  readonly #transport: Transport;
  readonly #options: UsageOptions;
  readonly #openSpool: OpenSpool;
  #opened: Promise<{ spool: Spool; sender: Sender }> | null = null;
  #closed: Promise<{ pending: number }> | null = null;

  constructor(transport: Transport, openSpool: OpenSpool, options: UsageOptions) {
    this.#transport = transport;
    this.#openSpool = openSpool;
    this.#options = options;
  }

  /**
   * Takes an event in and answers its idempotency key, once it is in the spool: from then on it reaches the engine, whatever becomes of this
   * process or of the network, and counts once. Does not wait for the engine, and does not fail when it is away.
   *
   * Throws TypeError on an event that is none, `spool_full` and `spool_failed` where it could not be kept, `closed` after `close`.
   */
  async record(event: UsageEvent): Promise<string> {
    const { event: whole, line } = complete(event, this.#options.stamp ?? true);
    if (this.#closed !== null) throw closed();
    const { spool, sender } = await this.open();
    await spool.append(line);
    sender.wake();
    return whole.idempotency_key;
  }

  /** Past the spool: all are durable in the engine when it answers, or none, by the fault of each (`errors[].index`). */
  async recordNow(events: readonly UsageEvent[], options?: CallOptions): Promise<Recorded> {
    const text = `[${events.map((event) => complete(event, this.#options.stamp ?? true).line).join(",")}]`;
    return (await this.#transport.send("POST", "/v1/usage", { text, ...options })).body as Recorded;
  }

  /** Opens the spool before the first event, which also sends what an earlier process left. */
  open(): Promise<{ spool: Spool; sender: Sender }> {
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = null;
      throw error;
    });
    return this.#opened;
  }

  /** How many events wait for the engine. */
  async pending(): Promise<number> {
    return this.#opened ? (await this.#opened).spool.pending : 0;
  }

  /**
   * Sends what waits now, and resolves when the engine has it. Where that takes longer than `timeout` (30 s) it throws why; the events wait on
   * and are sent when the engine is back.
   */
  async flush({ timeout = 30_000, signal }: { timeout?: number; signal?: AbortSignal } = {}): Promise<void> {
    if (!this.#opened) return;
    const { spool, sender } = await this.#opened;
    const end = Date.now() + timeout;
    const target = sender.settled + spool.pending;
    const isDone = () => spool.pending === 0 || sender.settled >= target;
    for (let attempt = 0; !isDone(); attempt++) {
      await within(sender.flush(), end - Date.now(), signal);
      if (isDone()) return;
      const left = end - Date.now();
      if (left <= 0) {
        const { lastError } = sender;
        throw new BillwrightError(
          lastError?.status ?? 0,
          {
            ...lastError?.problem,
            code: lastError?.code ?? "timeout",
            detail: `${spool.pending} usage events still wait: ${lastError?.message ?? "no answer in time"}`,
          },
          { cause: lastError },
        );
      }
      if (sender.lastError) await pause(Math.min(left, 50 * 2 ** Math.min(attempt, 5)), signal);
    }
  }

  /** Tries for `timeout` (5 s) to send what waits, and lets go of the spool. Answers how many events are left in it for the next start. */
  close({ timeout = 5_000 }: { timeout?: number } = {}): Promise<{ pending: number }> {
    this.#closed ??= this.#close(timeout);
    return this.#closed;
  }

  /** What the tenant has consumed, by meter and time. */
  list(tenant: string, query?: Query<typeof OF_TENANT>): List<ItemOf<typeof OF_TENANT>> {
    return listOf(this.#transport, OF_TENANT, { path: { tenant_id: tenant }, query });
  }

  /** The raw events, newest first. */
  events(tenant: string, query?: Query<`${typeof OF_TENANT}/events`>): List<ItemOf<`${typeof OF_TENANT}/events`>> {
    return listOf(this.#transport, `${OF_TENANT}/events`, { path: { tenant_id: tenant }, query });
  }

  async #close(timeout: number): Promise<{ pending: number }> {
    if (this.#opened === null) return { pending: 0 };
    const { spool, sender } = await this.#opened;
    if (timeout > 0) await this.flush({ timeout }).catch(() => undefined);
    await sender.stop();
    const { pending } = spool;
    await spool.close();
    return { pending };
  }

  async #open(): Promise<{ spool: Spool; sender: Sender }> {
    const { batchSize = 1_000, interval = 1_000, timeout = 30_000, whenFull = "reject" } = this.#options;
    const limits: SpoolLimits = {
      maxBytes: this.#options.maxBytes ?? 256 * 1_048_576,
      whenFull,
      onDropped: (lines) => this.#options.onDropped?.(lines.map((line) => JSON.parse(line) as UsageEvent)),
    };
    let sender: Sender | null = null;
    const spool = await this.#openSpool(limits, () => sender?.wake());
    sender = new Sender(this.#transport, spool, {
      batchSize: Math.min(10_000, batchSize),
      interval,
      timeout,
      onRejected: (event, faults) => this.#options.onRejected?.(event, faults),
      onDelayed: (error, pending) => this.#options.onDelayed?.(error, pending),
    });
    sender.wake();
    return { spool, sender };
  }
}

/** Resolves with the work, or when the time is over; the work goes on. */
async function within(work: Promise<void>, ms: number, signal: AbortSignal | undefined): Promise<void> {
  const stop = new AbortController();
  const abort = () => stop.abort(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([work, pause(Math.max(0, ms), stop.signal)]);
    if (signal?.aborted) throw signal.reason;
  } finally {
    signal?.removeEventListener("abort", abort);
    stop.abort();
  }
}

function closed(): BillwrightError {
  return new BillwrightError(0, { code: "closed", detail: "This client is closed." });
}
