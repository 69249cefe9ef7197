/**
 * Stripe's API through its official SDK: who asks, a time-out, and what came of it in three words. Holds no rule.
 *
 * The SDK does not try again: what is not known is asked about by whoever wrote the attempt down. One exception it makes by itself, a
 * connection that was closed under it, and that goes with the same idempotency key, which every write here is given.
 */
import Stripe from "stripe";
import { stopwatch } from "../../clock.ts";
import { Refusal } from "../../errors.ts";

export interface StripeSettings {
  secretKey: string;
  /** Without a path: https://api.stripe.com. */
  apiUrl: string;
  timeoutMs: number;
}

/** One call that was made: for counters. `code` is Stripe's own, where it said one. */
export interface GatewayCall {
  gateway: "stripe";
  operation: string;
  outcome: "answered" | "refused" | "silent";
  code: string | null;
  ms: number;
}

/** Stripe understood, and refused: nothing was done. */
export class StripeRefusal extends Error {
  override readonly name = "StripeRefusal";
  readonly status: number;
  /** Stripe's own: of a declined card why it was declined. */
  readonly code: string;
  readonly param: string | null;
  readonly requestId: string | null;
  readonly declined: boolean;
  /** The intent that a refused card leaves behind. */
  readonly intent: Stripe.PaymentIntent | Stripe.SetupIntent | null;
  constructor(error: Stripe.errors.StripeError) {
    super(error.message);
    this.status = error.statusCode ?? 400;
    this.code = error.decline_code ?? error.code ?? error.rawType ?? "refused";
    this.param = error.param ?? null;
    this.requestId = error.requestId ?? null;
    this.declined = error.rawType === "card_error";
    this.intent = error.payment_intent ?? error.setup_intent ?? null;
  }
}

/** Nobody knows whether it was done: no answer, one that makes no sense, or a fault that is not the request's. */
export class StripeSilence extends Error {
  override readonly name = "StripeSilence";
  /** null: there was no answer at all. */
  readonly status: number | null;
  readonly code: string | null;
  constructor(message: string, status: number | null, code: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export interface StripeClient {
  /**
   * Answers what Stripe answers, once it is what was asked for (`object`). Throws `StripeRefusal` or `StripeSilence`, and nothing else
   * that is Stripe's. `operation` names the call for people and counters: `payment_intents.create`.
   */
  call<T extends { object: string }>(operation: string, object: T["object"], ask: (stripe: Stripe) => Promise<T>): Promise<T>;
}

export function stripeClient(settings: StripeSettings, onCall: (call: GatewayCall) => void = () => undefined): StripeClient {
  const url = new URL(settings.apiUrl);
  const protocol = url.protocol === "http:" ? "http" : "https";
  const stripe = new Stripe(settings.secretKey, {
    apiVersion: "2026-10-28.endive",
    host: url.hostname,
    port: url.port || (protocol === "http" ? 80 : 443),
    protocol,
    timeout: settings.timeoutMs,
    maxNetworkRetries: 0,
    telemetry: false,
    typescript: true,
    appInfo: { name: "billwright" },
  });
  return {
    async call(operation, object, ask) {
      const ms = stopwatch();
      const told = (outcome: GatewayCall["outcome"], code: string | null) =>
        onCall({ gateway: "stripe", operation, outcome, code, ms: ms() });
      try {
        const answer = await ask(stripe);
        // An error body without `error` comes back as if it were an answer (lesson 10).
        if (!isObject(answer, object)) throw new StripeSilence(`Stripe answered ${operation} with no ${object}.`, 200);
        told("answered", null);
        return answer;
      } catch (thrown) {
        const error = spoken(thrown, operation);
        if (error instanceof StripeRefusal) told("refused", error.code);
        if (error instanceof StripeSilence) told("silent", error.code);
        throw error;
      }
    },
  };
}

/** What a caller of our API is told, who waits for Stripe's answer: 402, 502 or 503. What is not Stripe's stays what it is. */
export function refusalOf(error: unknown): unknown {
  if (error instanceof StripeRefusal) {
    const extra = { gateway: "stripe", gateway_code: error.code, ...(error.requestId ? { gateway_request_id: error.requestId } : {}) };
    return new Refusal(error.declined ? "payment_failed" : "gateway_error", error.message, { extra });
  }
  if (!(error instanceof StripeSilence)) return error;
  // 401 and 403: the key is wrong, and stays so until somebody mends it. All else passes.
  const lasting = error.status === 401 || error.status === 403 || error.status === 200;
  return new Refusal(lasting ? "gateway_error" : "gateway_unavailable", error.message, {
    extra: { gateway: "stripe", ...(error.code ? { gateway_code: error.code } : {}) },
  });
}

function isObject(answer: unknown, object: string): boolean {
  if (typeof answer !== "object" || answer === null || !("object" in answer) || answer.object !== object) return false;
  return object !== "list" || ("data" in answer && Array.isArray(answer.data));
}

function spoken(error: unknown, operation: string): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error;
  const { statusCode, rawType, code, message } = error;
  if (statusCode === undefined) return new StripeSilence(`Stripe did not answer ${operation}: ${message}`, null);
  // A key that was used for something else: what became of the first is not said. 409 and 429 say that it should be tried again,
  // 401 and 403 that the key is wrong: of the request itself they say nothing.
  const refused = [400, 402, 404].includes(statusCode) && rawType !== "idempotency_error";
  if (refused && rawType !== undefined) return new StripeRefusal(error);
  return new StripeSilence(`Stripe answered ${operation} with ${statusCode}: ${message}`, statusCode, code ?? rawType ?? null);
}
