/** Limits at the borders of their windows, in zones, under moved clocks: what is used in one is not used in the next. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, type World } from "./world.ts";

let world: World;

const WINDOWS = ["minute", "hour", "day", "month", "billing_period", "lifetime"];

beforeAll(async () => {
  world = await createWorld();
  await world.must("PUT", "/v1/catalog", {
    meters: [{ key: "calls", event: "call", aggregation: "count" }],
    features: WINDOWS.map((window) => ({ key: `by_${window}`, type: "metered", meter: "calls" })),
    plans: [
      {
        key: "pro",
        currency: "usd",
        default: true,
        prices: [{ key: "base", type: "flat", amount: 100 }],
        entitlements: WINDOWS.map((window) => ({ feature: `by_${window}`, limit: 2, window, enforcement: "hard" })),
      },
    ],
  });
});
afterAll(() => world.close());

let made = 0;
async function tenantAt(now: string, time_zone: string) {
  const clock = await world.clock(now);
  const id = `w${++made}`;
  await world.must("PUT", `/v1/tenants/${id}`, { test_clock: clock.id, time_zone });
  return {
    id,
    to: clock.to,
    check: async (window: string) => (await world.must("GET", `/v1/tenants/${id}/entitlements/by_${window}`)) as Record<string, unknown>,
    consume: (window: string) => world.post(`/v1/tenants/${id}/entitlements/by_${window}/consume`),
    subscribe: () => world.must("POST", `/v1/tenants/${id}/subscription`, { plan: "pro", collection: "send_invoice" }),
  };
}

// Each row: used up at the first instant, still so at the last of the window, free again at its end.
test.each([
  ["minute", "UTC", "2026-03-10T12:15:30Z", "2026-03-10T12:15:59.999Z", "2026-03-10T12:16:00Z"],
  ["hour", "Asia/Kolkata", "2026-03-10T12:15:30Z", "2026-03-10T12:59:59.999Z", "2026-03-10T13:00:00Z"],
  ["day", "UTC", "2026-03-10T00:00:00Z", "2026-03-10T23:59:59.999Z", "2026-03-11T00:00:00Z"],
  // Midnight in Kolkata is half an hour off the hour: that part of it is counted from the events.
  ["day", "Asia/Kolkata", "2026-03-09T18:30:00Z", "2026-03-10T18:29:59.999Z", "2026-03-10T18:30:00Z"],
  ["day", "Asia/Kathmandu", "2026-03-09T18:15:00Z", "2026-03-10T18:14:59.999Z", "2026-03-10T18:15:00Z"],
  // 23 hours, then 25.
  ["day", "Europe/Paris", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59.999Z", "2026-03-29T22:00:00Z"],
  ["day", "Europe/Paris", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59.999Z", "2026-10-25T23:00:00Z"],
  ["day", "America/Santiago", "2026-09-05T04:00:00Z", "2026-09-06T03:59:59.999Z", "2026-09-06T04:00:00Z"], // no midnight on the 6th
  ["month", "America/New_York", "2026-02-01T05:00:00Z", "2026-03-01T04:59:59.999Z", "2026-03-01T05:00:00Z"],
  ["month", "Asia/Kolkata", "2026-01-31T18:30:00Z", "2026-02-28T18:29:59.999Z", "2026-02-28T18:30:00Z"],
  ["month", "UTC", "2028-02-01T00:00:00Z", "2028-02-29T23:59:59.999Z", "2028-03-01T00:00:00Z"],
  // Without a subscription the billing period is the month: no subscription is never no limit.
  ["billing_period", "Asia/Tokyo", "2026-03-31T15:00:00Z", "2026-04-30T14:59:59.999Z", "2026-04-30T15:00:00Z"],
])("a limit by the %s in %s, used up at %s, holds until %s and is new at %s", async (window, zone, first, last, next) => {
  const t = await tenantAt(first, zone);
  expect((await t.consume(window)).body).toMatchObject({ used: 1, resets_at: next });
  await t.to(last);
  expect((await t.consume(window)).body).toMatchObject({ used: 2, remaining: 0 });
  expect(await t.check(window)).toMatchObject({ has_access: false, reason: "limit_reached", used: 2, resets_at: next });
  const refused = await t.consume(window);
  expect([refused.status, refused.headers["retry-after"]]).toEqual([429, "1"]);
  await t.to(next);
  expect(await t.check(window)).toMatchObject({ has_access: true, used: 0, remaining: 2 });
  expect((await t.consume(window)).body).toMatchObject({ used: 1 });
});

test("a billing period is the subscription's own: from the 31st, clamped to the month's end, and a new one with each renewal", async () => {
  const t = await tenantAt("2026-01-31T10:20:30Z", "Europe/Paris");
  await t.subscribe();
  expect((await t.consume("billing_period")).body).toMatchObject({ used: 1, resets_at: "2026-02-28T10:20:30Z" });
  await t.consume("billing_period");
  await t.to("2026-02-28T10:20:29.999Z");
  expect((await t.consume("billing_period")).status).toBe(429);
  await t.to("2026-02-28T10:20:30Z");
  // The clocks change on 29 March: the same local time is an hour earlier.
  expect((await t.consume("billing_period")).body).toMatchObject({ used: 1, resets_at: "2026-03-31T09:20:30Z" });
});

test("a lifetime never resets, and says no instant to come again", async () => {
  const t = await tenantAt("2026-01-01T00:00:00Z", "UTC");
  await t.consume("lifetime");
  expect((await t.consume("lifetime")).body).toMatchObject({ used: 2, resets_at: null });
  await t.to("2036-01-01T00:00:00Z");
  const refused = await t.consume("lifetime");
  expect([refused.status, refused.headers["retry-after"], refused.body.resets_at]).toEqual([429, undefined, null]);
});

test("plain usage counts in the window that it happened in, and is never refused", async () => {
  const t = await tenantAt("2026-03-10T18:45:00Z", "Asia/Kolkata");
  const at = (instant: string) => ({ tenant_id: t.id, event: "call", at: instant });
  await world.must("POST", "/v1/usage", [at("2026-03-10T18:29:59.999999Z"), at("2026-03-10T18:30:00Z"), at("2026-03-10T18:44:00Z")]);
  expect(await t.check("day")).toMatchObject({ has_access: false, used: 2 });
  expect(await t.check("month")).toMatchObject({ used: 3 });
  expect(await t.check("hour")).toMatchObject({ used: 3 });
  expect((await world.post("/v1/usage", at("2026-03-10T18:44:30Z"))).status).toBe(202);
  expect(await t.check("day")).toMatchObject({ used: 3, remaining: 0 });
});

test("lesson 16: every window that a plan declares is enforced, also of a tenant that never subscribed", async () => {
  const t = await tenantAt("2026-03-10T12:15:30Z", "UTC");
  for (const window of WINDOWS) {
    const check = await t.check(window);
    expect([window, check.limit, check.window, check.enforcement]).toEqual([window, 2, window, "hard"]);
  }
  await t.consume("day");
  await t.consume("day");
  for (const window of WINDOWS) expect([window, (await t.consume(window)).status]).toEqual([window, 429]);
});
