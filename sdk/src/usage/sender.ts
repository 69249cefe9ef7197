/** Empties the spool into the engine, batch by batch, for as long as it takes. */
import { BillwrightError, type Fault, isOutage } from "../error.ts";
import { parseJson } from "../json.ts";
import { waitBefore } from "../retry.ts";
import type { Transport } from "../transport.ts";
import type { RecordedEvent } from "./event.ts";
import type { Spool } from "./spool.ts";

export interface SenderOptions {
  /** Events of one request; 1,000 if not said, at most 10,000. */
  batchSize: number;
  /** Milliseconds that an event waits for company; 1,000 if not said. */
  interval: number;
  /** Of one request, in milliseconds. */
  timeout: number;
  /** An event that the engine will never take: it is set aside, the others go on. */
  onRejected: (event: RecordedEvent, faults: readonly Fault[]) => void;
  /** Events wait because the engine cannot be reached, or refuses the key. */
  onDelayed: (error: BillwrightError, pending: number) => void;
}

// The engine takes 8 MiB; smaller ones are sooner there.
const BATCH_BYTES = 2 * 1_048_576;

export class Sender {
  readonly #transport: Transport;
  readonly #spool: Spool;
  readonly #options: SenderOptions;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #running: Promise<void> | null = null;
  #isClosed = false;
  #failures = 0;
  /** Not before this instant, unless somebody flushes. */
  #notBefore = 0;
  lastError: BillwrightError | null = null;
  /** Lines that are done with, since the start. */
  settled = 0;

  constructor(transport: Transport, spool: Spool, options: SenderOptions) {
    this.#transport = transport;
    this.#spool = spool;
    this.#options = options;
  }

  /** Something waits: send it when there is enough of it, or when it has waited long enough. */
  wake(): void {
    if (this.#isClosed || this.#running || this.#spool.pending === 0) return;
    const isEnough = this.#spool.pending >= this.#options.batchSize;
    if (this.#timer !== null) {
      if (!isEnough || this.#notBefore > Date.now()) return;
      clearTimeout(this.#timer);
    }
    this.#timer = setTimeout(() => this.#run(), Math.max(isEnough ? 0 : this.#options.interval, this.#notBefore - Date.now()));
    // What is on disk is sent by the next process; what is in memory keeps this one alive.
    if (this.#spool.isDurable) (this.#timer as { unref?: () => void }).unref?.();
  }

  /** Sends all that waits, now; resolves when that is done or an attempt fails. */
  async flush(): Promise<void> {
    await this.#running;
    if (this.#spool.pending > 0 && !this.#isClosed) await this.#run();
  }

  async stop(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  #run(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#running ??= this.#sendAll()
      .then(
        () => {
          this.#failures = 0;
          this.#notBefore = 0;
          this.lastError = null;
        },
        (error: unknown) => this.#failed(error),
      )
      .finally(() => {
        this.#running = null;
        this.wake();
      });
    return this.#running;
  }

  #failed(error: unknown): void {
    const named =
      error instanceof BillwrightError ? error : new BillwrightError(0, { code: "spool_failed", detail: String(error) }, { cause: error });
    this.lastError = named;
    // A key that is refused is refused again until a person has seen to it.
    this.#notBefore = Date.now() + Math.max(100, waitBefore(Math.min(this.#failures++, 5), named.retryAfter));
    this.#options.onDelayed(named, this.#spool.pending);
  }

  async #sendAll(): Promise<void> {
    while (!this.#isClosed) {
      const batch = await this.#spool.next({ count: this.#options.batchSize, bytes: BATCH_BYTES });
      if (batch.lines.length === 0) return;
      await this.#sendLines(batch.lines);
      await this.#spool.done(batch);
      this.settled += batch.lines.length;
    }
  }

  /** Resolves when the engine has every line, or it was set aside. */
  async #sendLines(lines: readonly string[]): Promise<void> {
    let rest = [...lines];
    while (rest.length > 0) {
      const refusal = await this.#post(rest);
      if (refusal === null) return;
      const faults = faultsByIndex(refusal, rest.length);
      if (faults.size > 0) {
        for (const [index, found] of faults) await this.#reject(rest[index]!, found);
        rest = rest.filter((_line, index) => !faults.has(index));
      } else if (rest.length === 1) {
        await this.#reject(rest[0]!, refusal.errors.length > 0 ? refusal.errors : [{ path: "", message: refusal.message }]);
        return;
      } else {
        // Refused without saying which, or too large: each half has an answer of its own.
        const half = rest.length >> 1;
        await this.#sendLines(rest.slice(0, half));
        rest = rest.slice(half);
      }
    }
  }

  /** null: the engine has them. A refusal of what is in them is answered; that nothing can be sent now is thrown. */
  async #post(lines: readonly string[]): Promise<BillwrightError | null> {
    try {
      await this.#transport.send("POST", "/v1/usage", { text: `[${lines.join(",")}]`, retries: 0, timeout: this.#options.timeout });
      return null;
    } catch (error) {
      if (error instanceof BillwrightError && !isOutage(error) && [400, 404, 413, 422].includes(error.status)) return error;
      throw error;
    }
  }

  async #reject(line: string, faults: readonly Fault[]): Promise<void> {
    await this.#spool.setAside(line, faults.map(({ path, message }) => `${path} ${message}`).join("; "));
    this.#options.onRejected(parsed(line), faults);
  }
}

function parsed(line: string): RecordedEvent {
  try {
    return parseJson(line) as RecordedEvent;
  } catch {
    // A disk that lied: the text is all there is.
    return { tenant_id: "", event: line, idempotency_key: "" };
  }
}

/** The faults of a batch by the place of their event, each path as it is in the event. */
function faultsByIndex({ errors }: BillwrightError, length: number): Map<number, Fault[]> {
  const found = new Map<number, Fault[]>();
  for (const fault of errors) {
    const named = /^\[(\d+)\]\.?/.exec(fault.path);
    const index = fault.index ?? (named ? Number(named[1]) : -1);
    if (!(index >= 0 && index < length)) continue;
    const own = { ...fault, path: named ? fault.path.slice(named[0].length) : fault.path };
    found.set(index, [...(found.get(index) ?? []), own]);
  }
  return found;
}
