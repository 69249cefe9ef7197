/**
 * Credits around a model call of the AI SDK: reserved before, taken by the true cost after, given back when it fails.
 *
 *     const model = wrapLanguageModel({
 *       model: openai("gpt-5"),
 *       middleware: withCredits(client, { tenant: "acme", reserve: 50, cost: ({ input, output }) => input / 1000 + output / 250 }),
 *     });
 *     const { text } = await generateText({ model, prompt });
 */
import type { LanguageModelMiddleware } from "ai";
import { BillwrightError } from "./error.ts";
import type { UsageEvent } from "./usage/event.ts";

type Wrap = Parameters<NonNullable<LanguageModelMiddleware["wrapStream"]>>[0];
type CallParams = Wrap["params"];
type StreamResult = Awaited<ReturnType<Wrap["doStream"]>>;
type StreamPart = StreamResult["stream"] extends ReadableStream<infer T> ? T : never;
type ModelUsage = Extract<StreamPart, { type: "finish" }>["usage"];

/** Tokens of one call. What a model does not tell is 0; `cached` is part of `input`, `reasoning` of `output`. */
export interface TokenUsage {
  input: number;
  output: number;
  cached: number;
  reasoning: number;
}

export interface ModelCall {
  provider: string;
  modelId: string;
  params: CallParams;
}

/** The part of the client that is needed. */
export interface CreditsClient {
  credits: {
    hold(
      tenant: string,
      body: { amount: number | string; expires_in?: number; reason?: string },
      options?: { idempotencyKey?: string },
    ): Promise<{ id: string }>;
    capture(tenant: string, id: string, body: { amount: number | string }, options?: { idempotencyKey?: string }): Promise<unknown>;
    release(tenant: string, id: string, options?: { idempotencyKey?: string }): Promise<unknown>;
    consume(tenant: string, body: { amount: number | string }, options?: { idempotencyKey?: string }): Promise<unknown>;
  };
  usage?: { record(event: UsageEvent): Promise<unknown> };
}

export interface CreditsOptions {
  /** Who pays; a function for a model that serves many. */
  tenant: string | ((call: ModelCall) => string);
  /** Credits to reserve before the call: what it costs at most. Where they are not there, the call is not made: `insufficient_credits`. */
  reserve: number | ((call: ModelCall) => number | Promise<number>);
  /** Seconds after which the engine gives the reservation back, should this process not live to; 3,600 if not said. */
  holdFor?: number;
  /** Credits that the tokens cost. More than was reserved is consumed beside, where it is there. */
  cost: (usage: TokenUsage, call: ModelCall) => number;
  /**
   * Credits of a stream that broke off before the model told its tokens, by the text that had come; absent: it costs nothing,
   * and the whole reservation is given back.
   */
  costOfPart?: (text: string, call: ModelCall) => number;
  /** Records the tokens as a usage event of this name too (`input_tokens`, `output_tokens`, `cached_tokens`, `reasoning_tokens`, `model`). */
  usageEvent?: string;
  /** The call cost `amount` more than was reserved, and the tenant has not got it. */
  onShortfall?: (tenant: string, amount: number) => void;
  /** The call is over but could not be settled; the engine gives the reservation back when its time is over. */
  onUnsettled?: (error: unknown, hold: { tenant: string; id: string; amount: number }) => void;
}

/** A middleware for `wrapLanguageModel`. Throws `BillwrightError` from the call itself where nothing can be reserved. */
export function withCredits(client: CreditsClient, options: CreditsOptions): LanguageModelMiddleware {
  return {
    specificationVersion: "v4",
    wrapGenerate: async ({ doGenerate, params, model }) => {
      const reservation = await reserve(client, options, { provider: model.provider, modelId: model.modelId, params });
      try {
        const result = await doGenerate();
        await reservation.spend(result.usage);
        return result;
      } catch (error) {
        await reservation.breakOff("");
        throw error;
      }
    },
    wrapStream: async ({ doStream, params, model }) => {
      const reservation = await reserve(client, options, { provider: model.provider, modelId: model.modelId, params });
      try {
        const { stream, ...rest } = await doStream();
        return { ...rest, stream: metered(stream, reservation, params.abortSignal) };
      } catch (error) {
        await reservation.breakOff("");
        throw error;
      }
    },
  };
}

/** Credits that are held for one call; settled once, by whichever comes first. */
interface Reservation {
  spend(usage: ModelUsage): Promise<void>;
  breakOff(text: string): Promise<void>;
}

async function reserve(client: CreditsClient, options: CreditsOptions, call: ModelCall): Promise<Reservation> {
  const { credits } = client;
  const tenant = typeof options.tenant === "function" ? options.tenant(call) : options.tenant;
  const held = typeof options.reserve === "function" ? await options.reserve(call) : options.reserve;
  const { id } = await credits.hold(tenant, {
    amount: exact(held),
    expires_in: options.holdFor ?? 3_600,
    reason: `${call.provider} ${call.modelId}`,
  });
  let settled: Promise<void> | null = null;

  const settle = async (amount: number, tokens: TokenUsage | null): Promise<void> => {
    try {
      if (tokens && options.usageEvent) await recordTokens(client, options.usageEvent, tenant, id, tokens, call);
      if (!(amount > 0)) await credits.release(tenant, id, { idempotencyKey: `${id}:release` });
      else await credits.capture(tenant, id, { amount: exact(Math.min(amount, held)) }, { idempotencyKey: `${id}:capture` });
      if (amount > held) await consumeRest(amount - held);
    } catch (error) {
      // The answer is there and belongs to who asked; that it could not be charged is the operator's to know.
      options.onUnsettled?.(error, { tenant, id, amount });
    }
  };
  const consumeRest = async (rest: number): Promise<void> => {
    try {
      await credits.consume(tenant, { amount: exact(rest) }, { idempotencyKey: `${id}:rest` });
    } catch (error) {
      if (!(error instanceof BillwrightError) || error.code !== "insufficient_credits") throw error;
      options.onShortfall?.(tenant, rest);
    }
  };
  return {
    spend: (usage) => {
      const tokens = tokensOf(usage);
      settled ??= settle(options.cost(tokens, call), tokens);
      return settled;
    },
    breakOff: (text) => {
      settled ??= settle(text === "" ? 0 : (options.costOfPart?.(text, call) ?? 0), null);
      return settled;
    },
  };
}

/** The stream as it is; settled before its last part is handed on, or when it breaks off on either side. */
function metered(
  stream: ReadableStream<StreamPart>,
  reservation: Reservation,
  signal: AbortSignal | undefined,
): ReadableStream<StreamPart> {
  const reader = stream.getReader();
  let text = "";
  const aborted = () => void reservation.breakOff(text);
  if (signal?.aborted) aborted();
  else signal?.addEventListener("abort", aborted, { once: true });
  const end = () => signal?.removeEventListener("abort", aborted);
  return new ReadableStream<StreamPart>({
    pull: async (controller) => {
      try {
        const { done, value } = await reader.read();
        if (done) {
          end();
          await reservation.breakOff(text);
          controller.close();
          return;
        }
        if (value.type === "text-delta" || value.type === "reasoning-delta") text += value.delta;
        if (value.type === "finish") await reservation.spend(value.usage);
        controller.enqueue(value);
      } catch (error) {
        end();
        await reservation.breakOff(text);
        controller.error(error);
      }
    },
    cancel: async (reason) => {
      end();
      await Promise.all([reservation.breakOff(text), reader.cancel(reason)]);
    },
  });
}

async function recordTokens(
  client: CreditsClient,
  event: string,
  tenant: string,
  id: string,
  tokens: TokenUsage,
  call: ModelCall,
): Promise<void> {
  await client.usage?.record({
    tenant_id: tenant,
    event,
    idempotency_key: id,
    properties: {
      model: call.modelId,
      input_tokens: tokens.input,
      output_tokens: tokens.output,
      cached_tokens: tokens.cached,
      reasoning_tokens: tokens.reasoning,
    },
  });
}

function tokensOf({ inputTokens, outputTokens }: ModelUsage): TokenUsage {
  return {
    input: inputTokens.total ?? 0,
    output: outputTokens.total ?? 0,
    cached: inputTokens.cacheRead ?? 0,
    reasoning: outputTokens.reasoning ?? 0,
  };
}

/** Costs are computed, and may have more places than the engine keeps: up to the twelfth, without an exponent. */
function exact(amount: number): string {
  return amount.toFixed(12).replace(/\.?0+$/, "");
}
