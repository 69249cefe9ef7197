// A chat that is paid with credits: held before the model is asked, taken by its tokens after.
//
//     BILLWRIGHT_URL=http://localhost:4400 BILLWRIGHT_API_KEY=… node examples/ai-chat.ts "What is a ledger?"
//
// The model here is the AI SDK's own stand-in, so that no vendor's key is needed; openai("gpt-5") goes in its place.
// In a project of your own the imports begin with "@billwright/client".
import { streamText, wrapLanguageModel } from "ai";
import { MockLanguageModelV4, simulateReadableStream } from "ai/test";
import { withCredits } from "../sdk/src/ai.ts";
import { Billwright, BillwrightError } from "../sdk/src/node.ts";

const { BILLWRIGHT_URL = "http://localhost:4400", BILLWRIGHT_API_KEY = "" } = process.env;
const client = new Billwright({ url: BILLWRIGHT_URL, apiKey: BILLWRIGHT_API_KEY });
const tenant = "chatty";

await client.tenants.put(tenant, { name: "Chatty", currency: "usd" });
// The key makes this gift once, however often the program runs.
await client.credits.grant(tenant, { amount: 10, source: "promotion", reason: "Welcome" }, { idempotencyKey: "welcome" });

const model = wrapLanguageModel({
  model: standIn(["A ledger ", "is a list ", "that nobody rewrites."]),
  // A credit buys a thousand tokens in, or two hundred and fifty out.
  middleware: withCredits(client, {
    tenant,
    reserve: 4,
    cost: ({ input, output }) => input / 1_000 + output / 250,
    costOfPart: (text) => text.length / 1_000,
    usageEvent: "chat",
  }),
});

try {
  let failure: unknown;
  const { textStream } = streamText({
    model,
    prompt: process.argv[2] ?? "What is a ledger?",
    maxRetries: 0,
    onError: ({ error }) => {
      failure = error;
    },
  });
  for await (const part of textStream) process.stdout.write(part);
  if (failure) throw failure;
  const { available, held } = await client.credits.get(tenant);
  console.log(`\n${available} credits left, ${held} held.`);
} catch (error) {
  if (!(error instanceof BillwrightError) || error.code !== "insufficient_credits") throw error;
  console.log(`Not enough credits: ${error.message}`);
} finally {
  await client.close();
}

function standIn(parts: string[]) {
  const usage = {
    inputTokens: { total: 500, noCache: 500, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 250, text: 250, reasoning: 0 },
  };
  return new MockLanguageModelV4({
    modelId: "stand-in",
    doStream: async () => ({
      stream: simulateReadableStream({
        chunks: [
          { type: "text-start" as const, id: "1" },
          ...parts.map((delta) => ({ type: "text-delta" as const, id: "1", delta })),
          { type: "text-end" as const, id: "1" },
          { type: "finish" as const, finishReason: { unified: "stop" as const, raw: "stop" }, usage },
        ],
      }),
    }),
  });
}
