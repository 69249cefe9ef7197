/** Every refusal that Billwright can answer, in one closed list (RFC 9457). `code` is the stable part of the contract. */

const CODES = {
  invalid_request: [422, "The request is not valid"],
  unauthenticated: [401, "Credentials are missing or not valid"],
  forbidden: [403, "These credentials do not allow this"],
  not_found: [404, "There is no such thing here"],
  tenant_not_found: [404, "There is no such tenant"],
  plan_not_found: [404, "There is no such plan"],
  feature_not_found: [404, "There is no such feature"],
  meter_not_found: [404, "There is no such meter"],
  no_subscription: [404, "The tenant has no subscription"],
  conflict: [409, "This conflicts with what is already there"],
  invalid_state: [409, "The current state does not allow this"],
  already_subscribed: [409, "The tenant already has a live subscription"],
  idempotency_key_reused: [409, "The idempotency key was used for another request"],
  idempotency_in_progress: [409, "A request with this idempotency key is still running"],
  insufficient_credits: [402, "There are not enough credits"],
  payment_failed: [402, "The payment failed"],
  quota_exceeded: [429, "The quota is used up"],
  rate_limited: [429, "Too many requests"],
  signature_invalid: [400, "The signature is not valid"],
  gateway_error: [502, "The payment gateway answered with an error"],
  gateway_unavailable: [503, "The payment gateway cannot be reached"],
  tax_refused: [422, "The tax engine does not take this buyer"],
  tax_unavailable: [503, "The taxes cannot be reckoned right now"],
  unavailable: [503, "The engine cannot do this right now"],
} as const;

export type ErrorCode = keyof typeof CODES;
export const ERROR_CODES = Object.keys(CODES) as ErrorCode[];

/** One thing wrong with one field. `path` is the field as the caller wrote it: `plans[0].prices[2].tiers[1].up_to`. */
export interface Fault {
  path: string;
  message: string;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  errors?: Fault[];
  request_id?: string;
  [extension: string]: unknown;
}

/** A refusal on its way to the caller. `extra` becomes extension members of the problem (`required`, `available`, …). */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: ErrorCode;
  readonly status: number;
  readonly faults: Fault[];
  readonly extra: Record<string, unknown>;

  constructor(code: ErrorCode, detail: string, more: { faults?: Fault[]; status?: number; extra?: Record<string, unknown> } = {}) {
    super(detail);
    this.code = code;
    this.status = more.status ?? CODES[code][0];
    this.faults = more.faults ?? [];
    this.extra = more.extra ?? {};
  }

  toProblem(requestId?: string): Problem {
    return {
      type: `https://billwright.dev/problems/${this.code.replaceAll("_", "-")}`,
      title: CODES[this.code][1],
      status: this.status,
      detail: this.message,
      code: this.code,
      ...(this.faults.length > 0 ? { errors: this.faults } : {}),
      ...this.extra,
      ...(requestId === undefined ? {} : { request_id: requestId }),
    };
  }
}

/** A 422 that names each field at fault. */
export function invalid(faults: Fault[], detail?: string): Refusal {
  const first = faults[0];
  const rest = faults.length > 1 ? ` (and ${faults.length - 1} more)` : "";
  return new Refusal(
    "invalid_request",
    detail ?? (first ? `${first.path || "body"}: ${first.message}${rest}` : "The request is not valid"),
    {
      faults,
    },
  );
}

export function invalidField(path: string, message: string): Refusal {
  return invalid([{ path, message }]);
}

export function tenantNotFound(tenantId: string): Refusal {
  return new Refusal("tenant_not_found", `There is no tenant ${JSON.stringify(tenantId.slice(0, 130))}.`, {
    faults: [{ path: "tenant_id", message: "names no tenant" }],
  });
}

/** What was thrown, in words: JavaScript throws anything. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code that systems and databases put on their errors; null: there is none. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}
