/** Razorpay's HTTP API, thin: who asks, a time-out, and what came of it in three words. Holds no rule. */
import { codeOf, wordsOf } from "../../errors.ts";
import { isRecord, parseJson } from "../../http/json.ts";

export interface RazorpaySettings {
  keyId: string;
  keySecret: string;
  /** With the version, without a slash at the end: https://api.razorpay.com/v1. */
  apiUrl: string;
  timeoutMs: number;
}

export type Json = Record<string, unknown>;

/** Razorpay understood, and refused: nothing was done. */
export class RazorpayRefusal extends Error {
  override readonly name = "RazorpayRefusal";
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, description: string) {
    super(description);
    this.status = status;
    this.code = code;
  }
}

/** Nobody knows whether it was done: no answer, one that makes no sense, or a fault of theirs. */
export class RazorpaySilence extends Error {
  override readonly name = "RazorpaySilence";
}

export interface RazorpayClient {
  /** Answers the object that Razorpay answers. Throws `RazorpayRefusal` or `RazorpaySilence`, and nothing else. */
  request(method: "GET" | "POST", path: string, options?: { body?: Json; headers?: Record<string, string> }): Promise<Json>;
}

export function razorpayClient(settings: RazorpaySettings): RazorpayClient {
  const authorization = `Basic ${Buffer.from(`${settings.keyId}:${settings.keySecret}`).toString("base64")}`;
  return {
    async request(method, path, { body, headers = {} } = {}) {
      let status: number;
      let text: string;
      let requestId: string | null;
      try {
        const response = await fetch(`${settings.apiUrl}${path}`, {
          method,
          headers: { authorization, accept: "application/json", ...(body ? { "content-type": "application/json" } : {}), ...headers },
          ...(body ? { body: JSON.stringify(body) } : {}),
          redirect: "error",
          signal: AbortSignal.timeout(settings.timeoutMs),
        });
        status = response.status;
        requestId = response.headers.get("x-razorpay-request-id") ?? response.headers.get("request-id");
        text = await response.text();
      } catch (error) {
        const timedOut = error instanceof Error && error.name === "TimeoutError";
        const cause = error instanceof Error ? codeOf(error.cause) : null;
        throw new RazorpaySilence(`Razorpay did not answer ${method} ${path}: ${timedOut ? "time-out" : (cause ?? wordsOf(error))}.`);
      }
      const about = `${method} ${path} with ${status}${requestId === null ? "" : ` (request ${requestId})`}`;
      const answer = objectOf(text);
      if (status >= 200 && status < 300) {
        // An answer without `entity` is not Razorpay's, whatever its status says.
        if (typeof answer?.entity === "string") return answer;
        throw new RazorpaySilence(`Razorpay answered ${about}, and no object.`);
      }
      const problem = isRecord(answer?.error) ? answer.error : undefined;
      const description = typeof problem?.description === "string" ? problem.description : "no description";
      // 401 and 403 say that the keys are wrong, 409 and 429 that it should be tried again: of the request itself they say nothing.
      if ([400, 404, 422].includes(status) && typeof problem?.code === "string")
        throw new RazorpayRefusal(
          status,
          typeof problem.reason === "string" && problem.reason !== "NA" ? problem.reason : problem.code,
          description,
        );
      throw new RazorpaySilence(`Razorpay answered ${about}: ${description}.`);
    },
  };
}

function objectOf(text: string): Json | null {
  try {
    const value: unknown = parseJson(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}
