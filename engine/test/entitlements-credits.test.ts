/** Consuming a feature whose meter costs credits: the limit and the wallet decide together, and nothing is done by halves. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.must("PUT", "/v1/catalog", {
    meters: [{ key: "tokens", event: "llm_request", aggregation: "sum", property: "n", credit_cost: "0.5", credit_overdraft: "reject" }],
    features: [{ key: "ai", type: "metered", meter: "tokens" }],
    plans: [
      {
        key: "free",
        name: "Free",
        currency: "usd",
        interval: "month",
        default: true,
        entitlements: [{ feature: "ai", limit: 100, window: "month", enforcement: "hard" }],
      },
    ],
  });
});
afterAll(() => world.close());

const tenant = async (id: string, credits: number) => {
  await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd" });
  if (credits > 0) await world.must("POST", `/v1/tenants/${id}/credits/grants`, { amount: credits, source: "promotion" });
};
const consume = (id: string, quantity: number, key: string) =>
  world.post(`/v1/tenants/${id}/entitlements/ai/consume`, { quantity, idempotency_key: key });
const state = async (id: string) => [
  (await world.must("GET", `/v1/tenants/${id}/credits`)).available,
  (await world.must("GET", `/v1/tenants/${id}/entitlements/ai`)).used,
];

test("takes the credits with the quantity, once a key", async () => {
  await tenant("acme", 30);
  expect((await consume("acme", 40, "one")).status).toBe(200);
  expect((await consume("acme", 40, "one")).body.status).toBe("accepted");
  expect(await state("acme")).toEqual([10, 40]);
});

test("with too few credits records nothing, and says how many there are", async () => {
  const refused = await consume("acme", 21, "two");
  expect(refused).toMatchObject({ status: 402, body: { code: "insufficient_credits", available: 10, required: 10.5 } });
  expect(await state("acme")).toEqual([10, 40]);
  expect((await consume("acme", 20, "three")).status).toBe(200);
  expect(await state("acme")).toEqual([0, 60]);
});

test("beyond the limit takes no credits", async () => {
  await tenant("rich", 1_000);
  expect((await consume("rich", 101, "one")).body.code).toBe("quota_exceeded");
  expect(await state("rich")).toEqual([1_000, 0]);
});

test("of many at once takes what both allow, exactly", async () => {
  await tenant("busy", 10);
  const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => consume("busy", 1, `k${i}`)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(20);
  expect(answers.filter(({ status }) => status === 402)).toHaveLength(20);
  expect(await state("busy")).toEqual([0, 20]);
  expect((await world.must("GET", "/v1/tenants/busy/summary")).credits).toMatchObject({ available: 0 });
  const { items } = await world.must("GET", "/v1/tenants/busy/events?type=credits.consumed");
  expect(items.reduce((sum: number, { data }: { data: { amount: number } }) => sum + Number(data.amount), 0)).toBe(10);
});
