/** One request: its attempts, their keys and time limits, and what its failure is called. */
import { BillwrightError } from "./error.ts";
import { parseJson, printJson } from "./json.ts";
import { isWorthAnother, PATIENCE_MS, pause, retryAfterOf, waitBefore } from "./retry.ts";
import type { AnswerOf, Ask, CallOptions, Method, Operation, PathOf } from "./types.ts";

export interface TransportOptions {
  /** Where the engine is: `https://billing.example.com`. */
  url: string;
  /** A secret API key or a person's JWT; a function is asked at each attempt, so that a token may be renewed. */
  apiKey: string | (() => string | Promise<string>);
  fetch?: typeof fetch;
  /** How often a request is sent again; 3 if not said. */
  retries?: number;
  /** Of one attempt, in milliseconds; 30,000 if not said. */
  timeout?: number;
  /** Told of each attempt that failed and is made again. */
  onRetry?: (error: BillwrightError, attempt: number) => void;
}

export interface LooseOptions extends CallOptions {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
  /** The body as JSON text already. */
  text?: string;
  headers?: Record<string, string>;
}

/** What came back, for those who want more than the body. */
export interface Reply {
  status: number;
  headers: Headers;
  body: unknown;
}

export class Transport {
  readonly url: string;
  readonly #options: TransportOptions;
  readonly #fetch: typeof fetch;

  constructor(options: TransportOptions) {
    if (!/^https?:\/\//.test(options.url ?? "")) throw new TypeError(`url must begin with http:// or https://, but is ${options.url}.`);
    if (!options.apiKey) throw new TypeError("apiKey is missing: a secret API key, a person's JWT, or a function that answers one.");
    this.url = options.url.replace(/\/+$/, "");
    this.#options = options;
    // Browsers want fetch to be called on the window.
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
  }

  /** Typed by the engine's OpenAPI document. Throws `BillwrightError` where the engine refuses or cannot be reached. */
  async request<M extends Method, P extends PathOf<M>>(
    method: M,
    path: P,
    ...ask: Ask<Operation<M, P>>
  ): Promise<AnswerOf<Operation<M, P>>> {
    return (await this.send(method, path, ask[0] as LooseOptions)).body as AnswerOf<Operation<M, P>>;
  }

  /** `request` without types, with the answer's status and headers. */
  send(method: Method, path: string, options: LooseOptions = {}): Promise<Reply> {
    return this.#attempts(method, path, options, async (response) => {
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === "" ? undefined : parseJson(text) };
    });
  }

  /** An answer that is no JSON, such as a PDF. */
  bytes(path: string, options: LooseOptions = {}): Promise<Uint8Array> {
    return this.#attempts("GET", path, options, async (response) => new Uint8Array(await response.arrayBuffer()));
  }

  /** An answer that goes on; one attempt, and no time limit once it has begun. */
  async open(path: string, options: LooseOptions): Promise<Response> {
    const limit = new Limit(options.timeout ?? this.#options.timeout ?? 30_000, options.signal);
    try {
      const response = await this.#fetch(this.#urlOf(path, options), {
        headers: { ...(await this.#auth()), ...options.headers },
        signal: limit.signal,
      });
      if (!response.ok) throw await refusalOf(response);
      limit.begun();
      return response;
    } catch (error) {
      limit.stop();
      throw this.#named(error, options.signal, limit);
    }
  }

  async #attempts<T>(method: Method, path: string, options: LooseOptions, read: (response: Response) => Promise<T>): Promise<T> {
    const url = this.#urlOf(path, options);
    const headers: Record<string, string> = { accept: "application/json", ...options.headers };
    // The same key at each attempt: what was carried out before its answer was lost is not carried out again.
    if (method !== "GET") headers["idempotency-key"] = options.idempotencyKey ?? crypto.randomUUID();
    const body = options.text ?? (options.body === undefined ? null : printJson(options.body));
    if (body !== null) headers["content-type"] ??= "application/json";
    const retries = options.retries ?? this.#options.retries ?? 3;
    for (let attempt = 0; ; attempt++) {
      const limit = new Limit(options.timeout ?? this.#options.timeout ?? 30_000, options.signal);
      let failure: BillwrightError;
      try {
        const response = await this.#fetch(url, { method, headers: { ...headers, ...(await this.#auth()) }, body, signal: limit.signal });
        // 304: what the caller has is still right.
        if (response.ok || response.status === 304) return await read(response);
        failure = await refusalOf(response);
      } catch (error) {
        const named = this.#named(error, options.signal, limit);
        if (!(named instanceof BillwrightError)) throw named;
        failure = named;
      } finally {
        limit.stop();
      }
      if (attempt >= retries || !isWorthAnother(failure) || (failure.retryAfter ?? 0) > PATIENCE_MS) throw failure;
      this.#options.onRetry?.(failure, attempt + 1);
      await pause(waitBefore(attempt, failure.retryAfter), options.signal);
    }
  }

  async #auth(): Promise<{ authorization: string }> {
    const { apiKey } = this.#options;
    return { authorization: `Bearer ${typeof apiKey === "function" ? await apiKey() : apiKey}` };
  }

  #urlOf(path: string, { path: values, query }: LooseOptions): string {
    return `${this.url}${filled(path, values)}${queryOf(query)}`;
  }

  #named(error: unknown, signal: AbortSignal | undefined, limit: Limit): unknown {
    if (error instanceof BillwrightError || signal?.aborted) return error;
    if (limit.isOver) return failed("timeout", `The engine at ${this.url} did not answer in time.`, error);
    if (error instanceof SyntaxError) return failed("unreadable", `What answered at ${this.url} is not the engine, or was cut off.`, error);
    return failed("unreachable", `The engine at ${this.url} cannot be reached.`, error);
  }
}

function failed(code: "timeout" | "unreadable" | "unreachable", detail: string, cause: unknown): BillwrightError {
  return new BillwrightError(0, { code, detail }, { cause });
}

/** A time limit and the caller's signal as one; by hand, since `AbortSignal.any` keeps what it joined for as long as the signal lives. */
class Limit {
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #given: AbortSignal | undefined;
  readonly #stopped = () => this.#controller.abort(this.#given?.reason);
  isOver = false;

  constructor(ms: number, given: AbortSignal | undefined) {
    this.#given = given;
    this.#timer = setTimeout(() => {
      this.isOver = true;
      this.#controller.abort();
    }, ms);
    if (given?.aborted) this.#stopped();
    else given?.addEventListener("abort", this.#stopped, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** No time limit from here on, only the caller's signal. */
  begun(): void {
    clearTimeout(this.#timer);
  }

  stop(): void {
    this.begun();
    this.#given?.removeEventListener("abort", this.#stopped);
  }
}

async function refusalOf(response: Response): Promise<BillwrightError> {
  const retryAfter = retryAfterOf(response.headers.get("retry-after"), Date.now());
  const text = await response.text().catch(() => "");
  let problem: Record<string, unknown> = { code: "unknown", detail: text.slice(0, 200) || `The engine answered ${response.status}.` };
  try {
    const parsed = parseJson(text);
    if (parsed !== null && typeof parsed === "object" && !Array.isArray(parsed)) problem = parsed as Record<string, unknown>;
  } catch {
    // Something between us and the engine answered.
  }
  problem.request_id ??= response.headers.get("x-request-id") ?? undefined;
  return new BillwrightError(response.status, problem, { retryAfter });
}

function filled(path: string, values: Record<string, unknown> = {}): string {
  return path.replace(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = values[name];
    // The place of a row is a number.
    if (Number.isInteger(value)) return String(value);
    if (typeof value !== "string" || value === "") throw new TypeError(`${path} needs ${name}, a text that is not empty.`);
    // URLs take these for steps, escaped or not.
    if (value === "." || value === "..") throw new TypeError(`${name} cannot be ${value}, which no URL can say.`);
    return encodeURIComponent(value);
  });
}

function queryOf(query: Record<string, unknown> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined && one !== null) search.append(name, String(one));
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}
