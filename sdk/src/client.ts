/**
 * The client: one typed `request`, which sends again what may be sent again.
 *
 *     const billing = createClient({ baseUrl: "https://billing.example.com", apiKey });
 *     const plan = await billing.request("GET", "/v1/plans/{plan}", { path: { plan: "pro" } });
 */
import { BillwrightError } from "./error.ts";
import type { AnswerOf, CallOptions, Method, Operation, PathOf, RequestOptions } from "./types.ts";

export { BillwrightError, type Fault } from "./error.ts";

export interface ClientOptions {
  baseUrl: string;
  /** A secret API key, or a person's JWT. */
  apiKey: string;
  fetch?: typeof fetch;
  /** How often a request is sent again; 3 if not said. */
  retries?: number;
  /** Of one attempt, in milliseconds; 30,000 if not said. */
  timeout?: number;
}

export interface UsageEvent {
  tenant_id: string;
  event: string;
  amount?: number | string;
  /** RFC 3339. */
  at?: string;
  idempotency_key?: string;
  properties?: Record<string, unknown>;
}

export interface Recorded {
  accepted: number;
  duplicates: number;
  results: { id: string; status: "accepted" | "duplicate" }[];
}

type Ask<O> = Record<never, never> extends RequestOptions<O> ? [options?: RequestOptions<O>] : [options: RequestOptions<O>];

export interface Client {
  /** Throws `BillwrightError` where the engine refuses or cannot be reached. */
  request<M extends Method, P extends PathOf<M>>(method: M, path: P, ...ask: Ask<Operation<M, P>>): Promise<AnswerOf<Operation<M, P>>>;
  /** Records events, all or none, durable when it returns. Each gets an `idempotency_key` if it has none, so that it counts once. */
  recordUsage(events: readonly UsageEvent[], options?: Pick<CallOptions, "signal">): Promise<Recorded>;
}

const AGAIN = new Set([429, 502, 503]);

export function createClient(options: ClientOptions): Client {
  const baseUrl = options.baseUrl.replace(/\/+$/, "");
  const send = options.fetch ?? fetch;
  const { retries = 3, timeout = 30_000 } = options;

  async function ask(method: Method, path: string, given: LooseOptions = {}): Promise<unknown> {
    const url = `${baseUrl}${filled(path, given.path)}${queryOf(given.query)}`;
    const headers: Record<string, string> = { authorization: `Bearer ${options.apiKey}`, accept: "application/json" };
    // The same key at each attempt: what was carried out before its answer was lost is not carried out again.
    if (method !== "GET") headers["idempotency-key"] = given.idempotencyKey ?? crypto.randomUUID();
    if (given.body !== undefined) headers["content-type"] = "application/json";
    const body = given.body === undefined ? null : JSON.stringify(given.body);
    for (let attempt = 0; ; attempt++) {
      const limit = AbortSignal.timeout(timeout);
      const signal = given.signal ? AbortSignal.any([given.signal, limit]) : limit;
      let wait = 200 * 2 ** attempt;
      try {
        const response = await send(url, { method, headers, body, signal });
        const text = await response.text();
        if (response.ok) return text === "" ? undefined : (JSON.parse(text) as unknown);
        if (!AGAIN.has(response.status) || attempt >= retries) throw new BillwrightError(response.status, problemOf(text));
        wait = Math.max(wait, Number(response.headers.get("retry-after") ?? 0) * 1_000);
      } catch (error) {
        if (error instanceof BillwrightError || given.signal?.aborted) throw error;
        if (attempt >= retries) {
          throw new BillwrightError(0, { code: "unreachable", detail: `The engine at ${baseUrl} cannot be reached.` }, { cause: error });
        }
      }
      await pause(Math.min(wait, 30_000), given.signal);
    }
  }

  return {
    request: ((method: Method, path: string, given?: LooseOptions) => ask(method, path, given)) as Client["request"],
    recordUsage: (events, { signal } = {}) => {
      const body = events.map((event) => ({ ...event, idempotency_key: event.idempotency_key ?? crypto.randomUUID() }));
      return ask("POST", "/v1/usage", { body, ...(signal ? { signal } : {}) }) as Promise<Recorded>;
    },
  };
}

interface LooseOptions extends CallOptions {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
}

function filled(path: string, values: Record<string, unknown> = {}): string {
  return path.replace(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = values[name];
    if (value === undefined || value === "") throw new TypeError(`${path} needs path.${name}.`);
    return encodeURIComponent(String(value));
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

function problemOf(text: string): Record<string, unknown> {
  try {
    const problem: unknown = JSON.parse(text);
    if (problem !== null && typeof problem === "object") return problem as Record<string, unknown>;
  } catch {
    // Something between us and the engine answered.
  }
  return { code: "unknown", detail: text.slice(0, 200) };
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
