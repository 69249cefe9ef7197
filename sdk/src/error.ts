/** What the engine refuses with: a problem document (RFC 9457), as an error. */
import type { components } from "./api.gen.ts";

/** The engine's stable codes. */
export type EngineCode = components["schemas"]["Problem"]["code"];

/**
 * Codes of the client's own. `unreachable`: no answer. `timeout`: none in time. `unreadable`: an answer that is no answer of the engine.
 * `spool_full`, `spool_failed`, `closed`: usage that could not be taken in. `unknown`: something between us and the engine refused.
 */
export type ClientCode = "unreachable" | "timeout" | "unreadable" | "spool_full" | "spool_failed" | "closed" | "unknown";

export type ErrorCode = EngineCode | ClientCode;

export interface Fault {
  /** The field as you wrote it: `plans[0].prices[2].tiers[1].up_to`. */
  path: string;
  message: string;
  /** Of a batch: the index of the element at fault. */
  index?: number;
}

/** A bundle may hold this class twice, once for the client and once for a guard; both are the same to `instanceof`. */
const BRAND = Symbol.for("billwright.error");

/** Every failure of a call. Compare `code`; `message` is for people. */
export class BillwrightError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && BRAND in value;
  }

  override readonly name = "BillwrightError";
  readonly [BRAND] = true;
  /** HTTP status; 0 where the engine gave no answer. */
  readonly status: number;
  readonly code: ErrorCode;
  /** Of a 422: each field at fault. */
  readonly errors: readonly Fault[];
  /** What to name when asking the engine's operator about it. */
  readonly requestId: string | null;
  /** Milliseconds after which the engine wants to be asked again; null where it did not say. */
  readonly retryAfter: number | null;
  /** The whole problem document, with what a refusal says beside (`required`, `available`, `resets_at`, …). */
  readonly problem: Readonly<Record<string, unknown>>;

  constructor(status: number, problem: Record<string, unknown>, options: ErrorOptions & { retryAfter?: number | null } = {}) {
    super(textOf(problem.detail) ?? textOf(problem.title) ?? `The engine answered ${status}.`, options);
    this.status = status;
    this.code = (textOf(problem.code) as ErrorCode | null) ?? "unknown";
    this.errors = Array.isArray(problem.errors) ? (problem.errors as Fault[]) : [];
    this.requestId = textOf(problem.request_id);
    this.retryAfter = options.retryAfter ?? null;
    this.problem = problem;
  }

  /** Whether the engine never said yes or no: it is away, busy or broken. What was asked may or may not have been done. */
  get isOutage(): boolean {
    return isOutage(this);
  }
}

/** Without the class, so that a `catch` needs no cast: is this the engine's failure to answer, and no refusal? */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof BillwrightError)) return false;
  const { status, code } = error;
  if (code === "gateway_error") return false;
  return code === "unreachable" || code === "timeout" || code === "unreadable" || status === 408 || status >= 500 || isBusy(error);
}

/** Too many requests, which passes; a used-up quota does not by asking again. */
export function isBusy({ status, code }: BillwrightError): boolean {
  return status === 429 && code !== "quota_exceeded";
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
