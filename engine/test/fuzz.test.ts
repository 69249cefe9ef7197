/**
 * Every route of the OpenAPI document under generated requests, valid and hostile: no 500, no hang, no rejection that nobody
 * handles, each error a problem as documented, and the books still right. `npm run fuzz` goes on for longer, from another seed.
 */
import { Ajv } from "ajv";
import { afterAll, beforeAll, expect, test } from "vitest";
import { verifyBooks } from "../src/cli/verify/books.ts";
import { openPool } from "../src/db/pool.ts";
import { seeded } from "../src/simulation/random.ts";
import { type Document, type FuzzRequest, generate, type Known, targetsOf } from "./fuzz/generate.ts";
import { sampleCatalog } from "./sample-catalog.ts";
import { createWorld, TEST_KEY, type World } from "./world.ts";

const SEED = process.env.FUZZ_SEED ?? "billwright";
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 12);
/** Of a value to be hostile, at the top of a body; deeper ones less. */
const RATES = [0, 0.05, 0.3];
const HANG_MS = 20_000;

/** Streams do not end by themselves, and have tests of their own. */
const ENDLESS = /\/events\/stream$/;

/** Mail and WhatsApp are not set up here, and an engine may say that it cannot do what it was not told how to. */
const SAYS_SO = /is not configured on this engine|No gateway with a checkout page is configured as/;

let world: World;
let known: Known;
const rejections: unknown[] = [];
const note = (reason: unknown) => void rejections.push(reason);

beforeAll(async () => {
  process.on("unhandledRejection", note);
  world = await createWorld({ config: { rateLimit: 1_000_000 } });
  await world.must("PUT", "/v1/catalog", sampleCatalog());
  const clock = await world.must("POST", "/v1/test-clocks", { name: "fuzz", now: "2026-01-01T00:00:00Z" });
  for (const id of ["acme", "other", "bare"])
    await world.must("PUT", `/v1/tenants/${id}`, { name: id, currency: "usd", test_clock: clock.id });
  const subscription = await world.must("POST", "/v1/tenants/acme/subscription", { plan: "pro", trial_days: 0 });
  const invoices = (await world.must("GET", "/v1/tenants/acme/invoices")).items.map((item: { id: string }) => item.id);
  const key = await world.must("POST", "/v1/api-keys", { name: "fuzz", scopes: ["billing.read"] });
  known = {
    tenant_id: ["acme", "other", "bare", "nobody"],
    plan: ["pro", "nothing"],
    plans: ["pro", "new"],
    meter: ["input_tokens", "requests"],
    meters: ["input_tokens", "requests", "new"],
    features: ["chat", "api_calls", "new"],
    feature: ["chat", "api_calls", "support_level"],
    event: ["llm_request", "other"],
    event_name: ["ai_inference", "other"],
    "credit-events": ["ai_inference", "new"],
    "credit-products": ["pack_10k", "new"],
    product: ["pack_10k", "new"],
    invoices,
    subscription: [subscription.id],
    "api-keys": [key.id],
    "test-clocks": [clock.id],
    test_clock: [clock.id],
    price: ["base", "seats", "tokens"],
    url: ["https://example.com/hook", "http://127.0.0.1:9/"],
  };
});
afterAll(async () => {
  process.off("unhandledRejection", note);
  await world.close();
});

test(`no request breaks the engine (seed ${SEED}, ${ROUNDS} rounds)`, { timeout: 60_000 + ROUNDS * 60_000 }, async () => {
  const random = seeded(SEED);
  const document = (await world.get("/openapi.json")).body as Document;
  const targets = targetsOf(document).filter(({ path }) => !ENDLESS.test(path));
  expect(targets.length).toBeGreaterThan(50);
  const isProblem = new Ajv({ strict: false, validateFormats: false }).compile(document.components.schemas.Problem as object);
  const faults: string[] = [];
  const statuses = new Map<number, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of targets) {
      const request = generate(random, document, known, target, random.pick(RATES));
      const answer = await send(request);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const fault =
        answer.status >= 400 && !isProblem(answer.body)
          ? "is no problem+json"
          : answer.status === 500 || (answer.status === 503 && !SAYS_SO.test(answer.text))
            ? String(answer.status)
            : null;
      if (fault !== null && faults.length < 20)
        faults.push(
          `${fault}: ${request.method} ${request.url}\n  ${request.payload?.slice(0, 600)}\n  → ${answer.status} ${answer.text.slice(0, 300)}`,
        );
      learn(answer.body);
    }
  }
  console.info(
    [...statuses]
      .sort(([a], [b]) => a - b)
      .map(([status, count]) => `${status}: ${count}`)
      .join("  "),
  );
  expect(faults).toEqual([]);
  expect(rejections).toEqual([]);
  // It was no fuzz if nothing came through, or nothing was refused.
  for (const status of [200, 201, 404, 409, 422]) expect([status, (statuses.get(status) ?? 0) > 0]).toEqual([status, true]);
});

test("and its books are right", { timeout: 120_000 }, async () => {
  const pool = openPool(world.billing.databaseUrl, 2, () => undefined, "owner");
  const verdicts = await verifyBooks(pool, { tenantId: null, usage: "all", limit: 5 }, () => undefined).finally(() => pool.end());
  expect(verdicts.filter(({ wrong }) => wrong > 0)).toEqual([]);
});

async function send(request: FuzzRequest): Promise<{ status: number; body: unknown; text: string }> {
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer to ${request.method} ${request.url} ${request.payload?.slice(0, 600)}`)), HANG_MS);
  });
  const asked = world.billing.app.inject({
    method: request.method,
    url: request.url,
    headers: { authorization: `Bearer ${TEST_KEY}`, ...request.headers },
    ...(request.payload === undefined ? {} : { payload: request.payload }),
  });
  const response = await Promise.race([asked, hang]).finally(() => clearTimeout(timer));
  return { status: response.statusCode, body: parsed(response.body), text: response.body };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Ids that answers bring are asked about later: things that the fuzz made itself go through their lives, too. */
function learn(body: unknown): void {
  const id = (body as { id?: unknown } | null)?.id;
  if (typeof id !== "string") return;
  const kind = {
    inv: "invoices",
    disc: "discounts",
    item: "invoice-items",
    pm: "payment-methods",
    grant: "grants",
    hold: "holds",
    we: "webhook-endpoints",
    wd: "webhook-deliveries",
  }[id.split("_")[0]!];
  if (kind === undefined) return;
  const list = [...(known[kind] ?? []), id];
  known = { ...known, [kind]: list.slice(-20) };
}
