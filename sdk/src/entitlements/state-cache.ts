/** What the engine last said of each tenant, kept as long as it may be trusted, and longer for when it cannot be asked. */
import { BillwrightError } from "../error.ts";
import { type BillingEvent, follow } from "../events/stream.ts";
import type { Transport } from "../transport.ts";
import type { Schemas } from "../types.ts";

export type Entitlements = Schemas["Entitlements"];

export interface CacheOptions {
  /** Milliseconds for which an answer stands unasked; 10,000 if not said. Of counters always, of all else while no stream is open. */
  maxAge: number;
  /** The same for what is not counted, while the tenant's event stream is open and would tell of a change; 300,000 if not said. */
  streamedMaxAge: number;
  /** Tenants that are remembered; 10,000 if not said. */
  maxTenants: number;
  /** Event streams that are held open, for the tenants asked about last; 20 if not said (in a browser 1). 0: none. */
  streams: number;
}

export interface Known {
  state: Entitlements;
  etag: string | null;
  /** When it was asked for; 0: it is known to be out of date. */
  at: number;
  learnedAt: number;
}

interface Stream {
  stop: AbortController;
  isOpen: boolean;
}

const CHANGES = /^(subscription|tenant|entitlement|catalog)\.|^usage\.limit_/;
const NO_STREAM_FOR_MS = 300_000;

export class StateCache {
  readonly #transport: Transport;
  readonly #options: CacheOptions;
  readonly #call: { timeout: number; retries: number };
  /** In the order in which they were last asked about. */
  readonly #known = new Map<string, Known>();
  readonly #asking = new Map<string, Promise<Known>>();
  readonly #streams = new Map<string, Stream>();
  #noStreamsUntil = 0;

  constructor(transport: Transport, options: CacheOptions, call: { timeout: number; retries: number }) {
    this.#transport = transport;
    this.#options = options;
    this.#call = call;
  }

  /** However old it is; null: never heard of. */
  lastKnown(tenant: string): Known | null {
    const known = this.#known.get(tenant);
    if (!known) return null;
    this.#known.delete(tenant);
    this.#known.set(tenant, known);
    return known;
  }

  /** Whether it may be answered without asking. `counted`: it holds a counter, which no event tells of. */
  isFresh(tenant: string, known: Known, counted: boolean, maxAge = this.#options.maxAge): boolean {
    const isStreamed = !counted && this.#streams.get(tenant)?.isOpen === true;
    return Date.now() - known.at < (isStreamed ? Math.max(maxAge, this.#options.streamedMaxAge) : maxAge);
  }

  /** Asks the engine; one request, however many ask at once. */
  refresh(tenant: string): Promise<Known> {
    let asking = this.#asking.get(tenant);
    if (!asking) {
      asking = this.#ask(tenant).finally(() => this.#asking.delete(tenant));
      this.#asking.set(tenant, asking);
    }
    return asking;
  }

  /** What is known of the tenant, or of all, is out of date; an answer that is under way comes too late too. */
  expire(tenant?: string): void {
    for (const one of tenant === undefined ? [...this.#known.keys()] : [tenant]) {
      const known = this.#known.get(one);
      if (known) known.at = 0;
      this.#asking.delete(one);
    }
  }

  /** The engine does not know the tenant any more. */
  forget(tenant: string): void {
    this.#known.delete(tenant);
    this.#unfollow(tenant);
  }

  close(): void {
    for (const tenant of [...this.#streams.keys()]) this.#unfollow(tenant);
  }

  async #ask(tenant: string): Promise<Known> {
    const before = this.#known.get(tenant);
    const at = Date.now();
    const reply = await this.#transport.send("GET", "/v1/tenants/{tenant_id}/entitlements", {
      path: { tenant_id: tenant },
      headers: before?.etag ? { "if-none-match": before.etag } : {},
      ...this.#call,
    });
    const known: Known =
      reply.status === 304 && before
        ? { ...before, at, learnedAt: at }
        : { state: reply.body as Entitlements, etag: reply.headers.get("etag"), at, learnedAt: at };
    this.#known.delete(tenant);
    this.#known.set(tenant, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.#options.maxTenants) break;
      this.forget(oldest);
    }
    this.#follow(tenant);
    return known;
  }

  #follow(tenant: string): void {
    const running = this.#streams.get(tenant);
    if (running) {
      // The one asked about last is the last to be closed.
      this.#streams.delete(tenant);
      this.#streams.set(tenant, running);
      return;
    }
    if (this.#options.streams === 0 || Date.now() < this.#noStreamsUntil) return;
    if (this.#streams.size >= this.#options.streams) this.#unfollow(this.#streams.keys().next().value!);
    const stream: Stream = { stop: new AbortController(), isOpen: false };
    this.#streams.set(tenant, stream);
    void this.#listen(tenant, stream).catch((error: unknown) => {
      if (this.#streams.get(tenant) === stream) this.#streams.delete(tenant);
      // An engine without a stream, or a key that may not read it: counted by age alone.
      if (error instanceof BillwrightError && error.code !== "tenant_not_found") this.#noStreamsUntil = Date.now() + NO_STREAM_FOR_MS;
    });
  }

  async #listen(tenant: string, stream: Stream): Promise<void> {
    const onConnection = (state: "open" | "lost") => {
      stream.isOpen = state === "open";
      // What changed between the last answer and the stream's beginning was told to nobody.
      if (state === "open") this.expire(tenant);
    };
    for await (const event of follow(this.#transport, tenant, { signal: stream.stop.signal, onConnection })) this.#heard(tenant, event);
    stream.isOpen = false;
  }

  #heard(tenant: string, event: BillingEvent): void {
    if (!CHANGES.test(event.type)) return;
    if (event.type.startsWith("catalog.")) this.expire();
    else this.expire(tenant);
  }

  #unfollow(tenant: string): void {
    this.#streams.get(tenant)?.stop.abort();
    this.#streams.delete(tenant);
  }
}
