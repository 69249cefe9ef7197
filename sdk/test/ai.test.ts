/** Model calls of the AI SDK, paid with credits that a real engine holds. */
import { generateText, streamText, wrapLanguageModel } from "ai";
import { MockLanguageModelV4, simulateReadableStream } from "ai/test";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type CreditsOptions, withCredits } from "../src/ai.ts";
import type { Billwright } from "../src/client.ts";
import { CATALOG, eventually, type ServedEngine, serveEngine } from "./served-engine.ts";

let engine: ServedEngine;
let client: Billwright;
let tenants = 0;

beforeAll(async () => {
  engine = await serveEngine();
  await engine.world.must("PUT", "/v1/catalog", CATALOG);
  client = engine.client({ retries: 1 });
});
afterEach(() => engine.proxy.fault(null));
afterAll(() => engine.close());

async function tenant(credits: number): Promise<string> {
  const id = `ai-${++tenants}`;
  await client.tenants.put(id, { currency: "usd" });
  await client.credits.grant(id, { amount: credits });
  return id;
}

const USAGE = {
  inputTokens: { total: 100, noCache: 80, cacheRead: 20, cacheWrite: undefined },
  outputTokens: { total: 40, text: 30, reasoning: 10 },
};
const STOP = { unified: "stop" as const, raw: "stop" };
const cost: CreditsOptions["cost"] = ({ input, output }) => input * 0.01 + output * 0.05;

function modelOf(parts: string[] = ["Hel", "lo"], delay: number | null = null) {
  return new MockLanguageModelV4({
    modelId: "mock-1",
    doGenerate: { content: [{ type: "text", text: parts.join("") }], finishReason: STOP, usage: USAGE, warnings: [] },
    doStream: async () => ({
      stream: simulateReadableStream({
        chunkDelayInMs: delay,
        chunks: [
          { type: "text-start" as const, id: "1" },
          ...parts.map((delta) => ({ type: "text-delta" as const, id: "1", delta })),
          { type: "text-end" as const, id: "1" },
          { type: "finish" as const, finishReason: STOP, usage: USAGE },
        ],
      }),
    }),
  });
}
const paid = (model: MockLanguageModelV4, options: CreditsOptions) =>
  wrapLanguageModel({ model, middleware: withCredits(client, options) });
const balanceOf = async (id: string) => {
  const { available, held } = await client.credits.get(id);
  return { available, held };
};

test("a call costs what its tokens cost, and what was held beside comes back", async () => {
  const id = await tenant(100);
  const { text } = await generateText({ model: paid(modelOf(), { tenant: id, reserve: 50, cost }), prompt: "Hi" });
  expect(text).toBe("Hello");
  expect(await balanceOf(id)).toEqual({ available: 97, held: 0 });
});

test("a stream is settled when it has ended", async () => {
  const id = await tenant(100);
  const { textStream } = streamText({ model: paid(modelOf(), { tenant: id, reserve: 50, cost }), prompt: "Hi" });
  let text = "";
  for await (const part of textStream) text += part;
  expect(text).toBe("Hello");
  expect(await balanceOf(id)).toEqual({ available: 97, held: 0 });
});

test("without the credits the model is not asked", async () => {
  const id = await tenant(10);
  const model = modelOf();
  const asking = generateText({ model: paid(model, { tenant: id, reserve: 50, cost }), prompt: "Hi", maxRetries: 0 });
  await expect(asking).rejects.toMatchObject({ code: "insufficient_credits" });
  expect(model.doGenerateCalls).toEqual([]);
  expect(await balanceOf(id)).toEqual({ available: 10, held: 0 });
});

test("a call that fails costs nothing, streamed or not", async () => {
  const id = await tenant(100);
  const broken = new MockLanguageModelV4({
    doGenerate: async () => Promise.reject(new Error("the model is down")),
    doStream: async () => Promise.reject(new Error("the model is down")),
  });
  const model = paid(broken, { tenant: id, reserve: 50, cost });
  await expect(generateText({ model, prompt: "Hi", maxRetries: 0 })).rejects.toThrow("down");
  const { textStream } = streamText({ model, prompt: "Hi", maxRetries: 0, onError: () => undefined });
  for await (const _part of textStream);
  expect(await balanceOf(id)).toEqual({ available: 100, held: 0 });
});

test("a stream that is aborted gives all back, or costs what had come", async () => {
  for (const [costOfPart, available] of [
    [undefined, 100],
    [(text: string) => text.length, 97],
  ] as const) {
    const id = await tenant(100);
    const stop = new AbortController();
    const options: CreditsOptions = { tenant: id, reserve: 50, cost, ...(costOfPart ? { costOfPart } : {}) };
    const { textStream } = streamText({
      model: paid(modelOf(["one", "two", "three"], 300), options),
      prompt: "Hi",
      abortSignal: stop.signal,
      onError: () => undefined,
    });
    for await (const _part of textStream) stop.abort();
    await eventually(async () => expect(await balanceOf(id)).toEqual({ available, held: 0 }));
  }
});

test("a reader that leaves the stream pays for what had come", async () => {
  const id = await tenant(100);
  const model = paid(modelOf(["one", "two", "three"], 100), { tenant: id, reserve: 50, cost, costOfPart: (text) => text.length });
  const { stream } = await model.doStream({ prompt: [{ role: "user", content: [{ type: "text", text: "Hi" }] }] });
  const reader = stream.getReader();
  for (let part = await reader.read(); part.value?.type !== "text-delta"; ) part = await reader.read();
  await reader.cancel("enough");
  expect(await balanceOf(id)).toEqual({ available: 97, held: 0 });
});

test("what is more than was held is consumed beside, or told", async () => {
  const rich = await tenant(100);
  await generateText({ model: paid(modelOf(), { tenant: rich, reserve: 1, cost }), prompt: "Hi" });
  expect(await balanceOf(rich)).toEqual({ available: 97, held: 0 });
  const poor = await tenant(1);
  const short: [string, number][] = [];
  const options: CreditsOptions = { tenant: poor, reserve: 1, cost, onShortfall: (...told) => short.push(told) };
  await generateText({ model: paid(modelOf(), options), prompt: "Hi" });
  expect(short).toEqual([[poor, 2]]);
  expect(await balanceOf(poor)).toEqual({ available: 0, held: 0 });
});

test("an engine that goes away during the call does not take the answer with it", async () => {
  const id = await tenant(100);
  const unsettled: unknown[] = [];
  const model = modelOf();
  const asked = model.doGenerate;
  model.doGenerate = async (call) => {
    engine.proxy.fault("away");
    return asked(call);
  };
  const options: CreditsOptions = { tenant: id, reserve: 50, cost, onUnsettled: (_error, hold) => unsettled.push(hold) };
  const { text } = await generateText({ model: paid(model, options), prompt: "Hi" });
  expect(text).toBe("Hello");
  expect(unsettled).toMatchObject([{ tenant: id, amount: 3 }]);
  engine.proxy.fault(null);
  expect(await balanceOf(id)).toEqual({ available: 50, held: 50 });
});

test("the tokens are recorded as usage too, once", async () => {
  const id = await tenant(100);
  await generateText({ model: paid(modelOf(), { tenant: id, reserve: 50, cost, usageEvent: "llm_tokens" }), prompt: "Hi" });
  await client.flush();
  const { items } = await client.usage.events(id, { event: "llm_tokens" });
  expect(items).toHaveLength(1);
  expect(items[0]!.properties).toEqual({ model: "mock-1", input_tokens: 100, output_tokens: 40, cached_tokens: 20, reasoning_tokens: 10 });
});
