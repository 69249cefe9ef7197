/** What is said of limits: near and reached, once a limit and window, whichever way the usage came. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { sweepLimits } from "../src/billing/entitlements/sweep-limits.ts";
import { createWorld, type World } from "./world.ts";

let world: World;

beforeAll(async () => {
  world = await createWorld();
  await world.must("PUT", "/v1/catalog", {
    meters: [
      { key: "calls", event: "call", aggregation: "count" },
      { key: "tokens", event: "call", aggregation: "sum", property: "n" },
    ],
    features: [
      { key: "api", type: "metered", meter: "calls" },
      { key: "llm", type: "metered", meter: "tokens" },
    ],
    plans: [
      {
        key: "free",
        default: true,
        prices: [],
        entitlements: [
          { feature: "api", limit: 10, window: "day", enforcement: "hard" },
          { feature: "api", limit: 15, window: "month", enforcement: "soft" },
          { feature: "llm", limit: 1000, window: "month", enforcement: "soft" },
        ],
      },
    ],
  });
});
afterAll(() => world.close());

let made = 0;
async function tenant() {
  const clock = await world.clock("2026-03-10T12:00:00Z");
  const id = `e${++made}`;
  await world.must("PUT", `/v1/tenants/${id}`, { test_clock: clock.id });
  const consume = (quantity: number) => world.post(`/v1/tenants/${id}/entitlements/api/consume`, { quantity, properties: { n: 1 } });
  const event = (n = 1, at?: string) => ({ tenant_id: id, event: "call", properties: { n }, ...(at ? { at } : {}) });
  /** Oldest first: what, of which limit. */
  const said = async (): Promise<string[]> => {
    await world.billing.ctx.entitlements.settled();
    const { items } = await world.must("GET", `/v1/tenants/${id}/events?limit=100`);
    return (items as { type: string; subject: string; data: { window: string; used: number; limit: number } }[])
      .filter(({ type }) => type.startsWith("usage."))
      .map(({ type, subject, data }) => `${type.slice(12)} ${subject} ${data.window} ${data.used}/${data.limit}`)
      .reverse();
  };
  return { id, to: clock.to, consume, event, said, post: (events: object) => world.must("POST", "/v1/usage", events) };
}

test("by consumption: near at 80 percent, reached at the limit, each once a window", async () => {
  const t = await tenant();
  await t.consume(7);
  expect(await t.said()).toEqual([]);
  await t.consume(1);
  expect(await t.said()).toEqual(["approaching api day 8/10"]);
  await t.consume(2);
  await t.consume(1);
  expect(await t.said()).toEqual(["approaching api day 8/10", "reached api day 10/10"]);
  await t.to("2026-03-11T00:00:00Z");
  await t.consume(5);
  expect(await t.said()).toEqual([
    "approaching api day 8/10",
    "reached api day 10/10",
    "approaching api month 15/15",
    "reached api month 15/15",
  ]);
  await t.consume(3);
  expect((await t.said()).slice(4)).toEqual(["approaching api day 8/10"]);
});

test("by plain usage, one by one and in a batch, though it is never refused", async () => {
  const t = await tenant();
  for (let i = 0; i < 8; i++) await t.post(t.event(1));
  expect(await t.said()).toEqual(["approaching api day 8/10"]);
  await t.post([t.event(300), t.event(500), t.event(1)]);
  expect((await t.said()).sort()).toEqual(["approaching api day 8/10", "approaching llm month 809/1000", "reached api day 11/10"]);
  await t.post(Array.from({ length: 5 }, () => t.event(100)));
  expect((await t.said()).slice(3).sort()).toEqual([
    "approaching api month 16/15",
    "reached api month 16/15",
    "reached llm month 1309/1000",
  ]);
});

test("of usage that came late, in the window that it happened in", async () => {
  const t = await tenant();
  await t.post(Array.from({ length: 9 }, () => t.event(1, "2026-03-08T23:59:59Z")));
  expect(await t.said()).toEqual(["approaching api day 9/10"]);
});

test("another limit is another announcement", async () => {
  const t = await tenant();
  await t.consume(10);
  await world.must("PUT", `/v1/tenants/${t.id}/entitlement-overrides/api`, { limit: 20, window: "day" });
  await t.consume(8);
  expect((await t.said()).filter((text) => text.includes("day"))).toEqual([
    "approaching api day 10/10",
    "reached api day 10/10",
    "approaching api day 18/20",
  ]);
});

test("once, though two nodes and the sweep find it at the same time; and by the sweep, where the process ended before it looked", async () => {
  const t = await tenant();
  const { ctx } = world.billing;
  await sweepLimits(ctx);
  const evaluated: number[] = [];
  const { evaluateLimits } = await import("../src/billing/entitlements/evaluate.ts");
  // As if the process had ended here: what it stored is known to the database alone.
  ctx.entitlements.evaluateBy(async (used) => void evaluated.push(used.length));
  await t.post(Array.from({ length: 9 }, () => t.event(1)));
  expect(await t.said()).toEqual([]);
  expect(evaluated.length).toBeGreaterThan(0);
  await Promise.all([sweepLimits(ctx), sweepLimits(ctx)]);
  expect(await t.said()).toEqual(["approaching api day 9/10"]);
  await sweepLimits(ctx);
  await sweepLimits(ctx);
  await sweepLimits(ctx);
  expect(await t.said()).toEqual(["approaching api day 9/10"]);
  ctx.entitlements.evaluateBy((used) => evaluateLimits(ctx, used));
});
