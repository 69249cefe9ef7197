/** What the engine refuses with: a problem document (RFC 9457), as an error. */

export interface Fault {
  /** The field as you wrote it: `plans[0].prices[2].tiers[1].up_to`. */
  path: string;
  message: string;
  /** Of a batch: the index of the element at fault. */
  index?: number;
}

export class BillwrightError extends Error {
  override readonly name = "BillwrightError";
  /** HTTP status; 0: the engine could not be reached. */
  readonly status: number;
  /** Stable, to be compared with: `insufficient_credits`, `quota_exceeded`, … ; `unreachable` where there was no answer. */
  readonly code: string;
  readonly errors: readonly Fault[];
  readonly requestId: string | null;
  /** The whole problem document, with what a refusal says beside (`required`, `available`, …). */
  readonly problem: Readonly<Record<string, unknown>>;

  constructor(status: number, problem: Record<string, unknown>, options?: ErrorOptions) {
    super(textOf(problem.detail) ?? textOf(problem.title) ?? `The engine answered ${status}.`, options);
    this.status = status;
    this.code = textOf(problem.code) ?? "unknown";
    this.errors = Array.isArray(problem.errors) ? (problem.errors as Fault[]) : [];
    this.requestId = textOf(problem.request_id);
    this.problem = problem;
  }
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
