/** Asks a running engine over HTTP. Tries again what may be tried again: the engine is away, busy, or asks to wait. */
import { sleep } from "../clock.ts";
import type { ClientConfig } from "../config.ts";
import type { Fault, Problem } from "../errors.ts";
import { CommandError } from "./terminal.ts";

export interface Api {
  url: string;
  request<T>(method: "GET" | "PUT" | "POST" | "DELETE", path: string, body?: unknown): Promise<T>;
}

/** The engine refused: a problem document (RFC 9457). */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly faults: (Fault & { index?: number })[];

  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail ?? problem.title ?? `The engine answered ${status}.`);
    this.status = status;
    this.code = problem.code ?? "unavailable";
    this.faults = problem.errors ?? [];
  }
}

// A person waits for the answer; what runs for hours is told to be more patient.
const RETRIES = 2;

export function createApi(config: ClientConfig, options: { fetch?: typeof fetch; retries?: number } = {}): Api {
  if (config.apiKey === null) throw new CommandError("No API key: give one with --key, or set BILLWRIGHT_API_KEY.");
  const ask = options.fetch ?? fetch;
  const retries = options.retries ?? RETRIES;
  const headers = { authorization: `Bearer ${config.apiKey}`, accept: "application/json" };
  return {
    url: config.url,
    async request<T>(method: string, path: string, body?: unknown): Promise<T> {
      const init: RequestInit =
        body === undefined
          ? { method, headers }
          : { method, headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) };
      for (let attempt = 0; ; attempt++) {
        let wait = Math.min(10_000, 200 * 2 ** attempt);
        let response: Response | null = null;
        let text = "";
        try {
          response = await ask(`${config.url}${path}`, init);
          text = await response.text();
        } catch (error) {
          if (attempt >= retries) throw new CommandError(`The engine at ${config.url} cannot be reached: ${causeOf(error)}.`);
          response = null;
        }
        if (response?.ok) return (text === "" ? undefined : JSON.parse(text)) as T;
        if (response && ((response.status !== 429 && response.status !== 503 && response.status !== 502) || attempt >= retries)) {
          throw new ApiError(response.status, problemOf(text, response.status, config.url));
        }
        const after = Number(response?.headers.get("retry-after"));
        if (after > 0) wait = Math.min(60_000, after * 1_000);
        await sleep(wait);
      }
    },
  };
}

function problemOf(text: string, status: number, url: string): Partial<Problem> {
  try {
    const problem: unknown = JSON.parse(text);
    if (problem !== null && typeof problem === "object") return problem as Partial<Problem>;
  } catch {
    // Not an engine of ours.
  }
  return { detail: `${url} answered ${status}, and not as a Billwright engine does.` };
}

function causeOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}
