/** The operator's figures against small worlds that are reckoned by hand, and against the books. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { onPool } from "../src/db/pool.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
let clock: Awaited<ReturnType<World["clock"]>>;
const ask = (what: string, query = "") =>
  world.must("GET", `/v1/analytics/${what}?from=2026-01-01T00:00:00Z&to=2026-07-01T00:00:00Z&test_clock=${clock.id}${query}`);

// A month: basic 20.00, pro 50.00 and 10.00 a seat beyond one; year: 500.00, which is 41.67 a month.
const plan = (key: string, amount: number, more: object = {}) => ({
  key,
  name: key,
  currency: "usd",
  interval: "month",
  prices: [{ key: "base", type: "flat", amount }],
  ...more,
});
const seats = { key: "seats", type: "seat", model: "per_unit", unit_amount: "1000", included: 1 };
const requests = (unit: string, included: number) => ({ key: "requests", type: "usage", meter: "requests", unit_amount: unit, included });

beforeAll(async () => {
  world = await createWorld();
  await world.must("PUT", "/v1/catalog", {
    meters: [
      { key: "requests", event: "request", aggregation: "count" },
      { key: "seconds", event: "render", aggregation: "max", property: "seconds" },
    ],
    features: [
      { key: "api", type: "metered", meter: "requests" },
      { key: "support", type: "boolean" },
    ],
    plans: [
      plan("basic", 2_000, {
        prices: [{ key: "base", type: "flat", amount: 2_000 }, requests("100", 10)],
        entitlements: [{ feature: "api", limit: 40, window: "month", enforcement: "hard" }],
      }),
      plan("pro", 5_000, {
        prices: [{ key: "base", type: "flat", amount: 5_000 }, seats, requests("10", 10)],
        entitlements: [{ feature: "api", limit: 1_000, window: "month", enforcement: "hard" }],
        currencies: { jpy: { prices: { base: 7_000, seats: "1400", requests: "14" } } },
      }),
      plan("big", 7_500, {
        prices: [{ key: "base", type: "flat", amount: 7_500 }, requests("0", 0)],
        entitlements: [{ feature: "support", enabled: true }],
      }),
      plan("yearly", 50_000, { interval: "year" }),
      plan("tried", 2_000, { trial_days: 14 }),
    ],
  });
  clock = await world.clock("2026-01-01T00:00:00Z");
  const join = async (id: string, body: object, more: object = {}, card = "tok_visa") => {
    await world.must("PUT", `/v1/tenants/${id}`, { name: `The ${id}`, currency: "usd", test_clock: clock.id, ...more });
    await world.must("POST", `/v1/tenants/${id}/payment-methods/setup-intent`, { token: card });
    await world.must("POST", `/v1/tenants/${id}/subscription`, body);
  };
  const use = (id: string, count: number, day: string) =>
    world.must(
      "POST",
      "/v1/usage",
      Array.from({ length: count }, (_, n) => ({
        tenant_id: id,
        event: "request",
        at: `${day}T12:00:00Z`,
        idempotency_key: `${day} ${n}`,
      })),
    );
  // January: ann on basic (20), ben on pro with 3 seats (70), yuki in yen (7,000).
  await join("ann", { plan: "basic" });
  await join("ben", { plan: "pro", seats: 3 });
  await join("yuki", { plan: "pro" }, { currency: "jpy" });
  await join("tea", { plan: "tried" });
  await join("tom", { plan: "tried" });
  await clock.to("2026-01-10T00:00:00Z");
  await world.must("POST", "/v1/tenants/tom/subscription/cancel", { when: "now" });
  // tea's trial ends on the 15th, and pays 20 from then on.
  await clock.to("2026-02-10T00:00:00Z");
  // February: ann goes up to pro (50: +30), ben gives two seats back (50: −20), yeo comes for a year (41.67).
  await world.must("POST", "/v1/tenants/ann/subscription/plan", { plan: "pro", when: "now" });
  await world.must("PATCH", "/v1/tenants/ben/subscription", { seats: 1 });
  await join("yeo", { plan: "yearly" });
  await clock.to("2026-03-05T00:00:00Z");
  // March: ben leaves (−50), and comes back in May on basic (+20).
  await world.must("POST", "/v1/tenants/ben/subscription/cancel", { when: "now" });
  await use("ann", 60, "2026-03-04");
  await world.must("POST", "/v1/usage", { tenant_id: "ann", event: "render", at: "2026-03-04T12:00:00Z", properties: { seconds: 7 } });
  // April: ann's card is declined on the 1st; a day later another one pays.
  const card = (id: string, token: string) => world.must("POST", `/v1/tenants/${id}/payment-methods/setup-intent`, { token });
  const prefer = async (id: string, token: string) => {
    const { payment_method } = await card(id, token);
    await world.must("POST", `/v1/tenants/${id}/payment-methods/${payment_method.id}/default`);
  };
  await prefer("ann", "tok_declined");
  await clock.to("2026-04-01T12:00:00Z");
  await prefer("ann", "tok_visa");
  // May: ben is back on basic; tea's card is declined on the 15th, and four times again: canceled on the 22nd.
  await clock.to("2026-05-02T00:00:00Z");
  await world.must("POST", "/v1/tenants/ben/subscription", { plan: "basic" });
  await prefer("tea", "tok_declined");
  await clock.to("2026-06-20T00:00:00Z");
}, 120_000);
afterAll(() => world?.close());

test("recurring revenue, by hand", async () => {
  const { currencies, trials } = await ask("revenue");
  const usd = currencies.find((one: { currency: string }) => one.currency === "usd");
  const months = usd.periods.map((one: Record<string, unknown>) => [
    one.mrr_at_start,
    one.new,
    one.expansion,
    one.contraction,
    one.churn,
    one.reactivation,
    one.mrr,
    one.customers,
  ]);
  expect(months).toEqual([
    [0, 2_000 + 7_000 + 2_000, 0, 0, 0, 0, 11_000, 3],
    [11_000, 4_167, 3_000, 2_000, 0, 0, 16_167, 4],
    [16_167, 0, 0, 0, 5_000, 0, 11_167, 3],
    [11_167, 0, 0, 0, 0, 0, 11_167, 3],
    [11_167, 0, 0, 0, 2_000, 2_000, 11_167, 3],
    [11_167, 0, 0, 0, 0, 0, 11_167, 3],
  ]);
  const may = usd.periods[4];
  // One of the three at the month's start, and 20.00 of 111.67.
  expect([may.customer_churn_rate, may.revenue_churn_rate, may.net_revenue_retention]).toEqual([0.3333, 0.1791, 0.8209]);
  expect([usd.mrr, usd.arr, usd.arpa, usd.new, usd.churn]).toEqual([11_167, 134_004, 3_722, 15_167, 7_000]);
  const yen = currencies.find((one: { currency: string }) => one.currency === "jpy");
  expect([yen.mrr, yen.customers, yen.new]).toEqual([7_000, 1, 7_000]);
  // tea's trial became paid in January, tom's did not.
  expect(trials).toMatchObject({ ended: 2, converted: 1, lost: 1, conversion_rate: 0.5 });
  expect(usd.forecast.mrr).toMatchObject({ error: expect.any(Number), tested_periods: expect.any(Number) });
});

test("days add up to their months, and one plan's revenue is what is sold of it", async () => {
  const months = await ask("revenue", "&currency=usd");
  const days = await ask("revenue", "&currency=usd&granularity=day");
  expect(days.currencies[0].periods).toHaveLength(181);
  for (const key of ["new", "expansion", "contraction", "churn", "reactivation", "invoiced", "collected", "customers", "mrr"])
    expect([key, days.currencies[0][key]]).toEqual([key, months.currencies[0][key]]);
  const pro = await ask("revenue", "&currency=usd&plan=pro");
  // At the end only ann is on pro; ben had 70.00 of it and gave 20.00 back.
  expect(pro.currencies[0]).toMatchObject({ mrr: 5_000, new: 12_000, contraction: 2_000, churn: 5_000 });
});

test("MRR at any day is the sum over subscriptions by the plain rule", async () => {
  const { by_plan, by_status, periods } = await ask("subscriptions");
  const live = by_plan
    .filter((one: { currency: string }) => one.currency === "usd")
    .map((one: Record<string, unknown>) => [one.plan, one.status, one.subscriptions, one.seats, one.mrr]);
  expect(live).toEqual([
    ["basic", "active", 1, 1, 2_000],
    ["pro", "active", 1, 1, 5_000],
    ["yearly", "active", 1, 1, 4_167],
  ]);
  expect(by_status).toEqual([
    { status: "active", subscriptions: 4 },
    { status: "canceled", subscriptions: 3 },
  ]);
  expect(periods.map((one: Record<string, unknown>) => [one.started, one.ended, one.live])).toEqual([
    [5, 1, 4],
    [1, 0, 5],
    [0, 1, 4],
    [0, 0, 4],
    [1, 1, 4],
    [0, 0, 4],
  ]);
});

test("money is that of the books", async () => {
  const { currencies } = await ask("revenue");
  const db = onPool(world.billing.ctx.pool);
  for (const { currency, invoices, invoiced, collected, refunded, credited } of currencies) {
    const [books] = await db.query(
      `select count(*)::int as invoices, sum(total)::text as invoiced,
         (select sum(amount_received)::text from payments where status = 'succeeded' and currency = $1) as collected
       from invoices where status not in ('draft', 'void') and currency = $1`,
      [currency],
    );
    expect(books).toEqual({ invoices, invoiced: String(invoiced), collected: String(collected) });
    expect([refunded, credited]).toEqual([0, 0]);
  }
  expect((await world.get("/v1/analytics/revenue?currency=eur")).body.currencies).toEqual([]);
});

test("how collecting goes", async () => {
  const { currencies } = await ask("payments", "&currency=usd");
  const [usd] = currencies;
  // ann's failed once and was recovered; tea's failed five times, and was not.
  expect(usd).toMatchObject({ failed: 6, invoices_failed: 2, invoices_recovered: 1, recovery_rate: 0.5 });
  expect(usd.failures).toEqual([{ gateway: "sandbox", code: "card_declined", count: 6, amount: 5_500 + 5 * 2_000 }]);
  expect(usd.success_rate).toBeGreaterThan(0.5);
  expect(usd.aging.map((one: { amount: number }) => one.amount)).toEqual([0, 0, 2_000, 0, 0]);
  expect(usd.periods[3]).toMatchObject({ failed: 1, invoices_failed: 1, amount_at_risk: 5_500, recovery_rate: 1 });
});

test("usage by meter, and by whom", async () => {
  const { meters } = await ask("usage");
  const [requested, seconds] = meters;
  expect(requested).toMatchObject({
    meter: "requests",
    events: 60,
    value: 60,
    top_tenants: [{ tenant_id: "ann", name: "The ann", events: 60, value: 60 }],
  });
  expect(requested.periods[2]).toMatchObject({ events: 60, value: 60, tenants: 1 });
  // A highest value over tenants is the highest; of nothing there is none.
  expect([seconds.value, seconds.periods[2].value, seconds.periods[3].value]).toEqual([7, 7, null]);
  expect((await world.get("/v1/analytics/usage?meter=nothing")).status).toBe(404);
});

test("credits, as the ledger has them", async () => {
  await world.must("POST", "/v1/tenants/ann/credits/grants", { amount: 900, source: "promotion" });
  await world.must("POST", "/v1/tenants/ann/credits/consume", { amount: 181, idempotency_key: "c1" });
  const credits = await ask("credits");
  expect(credits).toMatchObject({ granted: 900, consumed: 181, expired: 0, outstanding: 719, burn_per_day: 1, days_left: 719 });
  expect(credits.by_source).toEqual([{ source: "promotion", granted: 900, remaining: 719 }]);
  expect(credits.top_tenants).toEqual([{ tenant_id: "ann", consumed: 181 }]);
  expect(credits.periods.map((one: { outstanding: number }) => one.outstanding)).toEqual([0, 0, 0, 0, 0, 719]);
});

test("advice: the last full period on each plan, with what a cheaper one would not carry", async () => {
  const use = Array.from({ length: 60 }, (_, n) => ({
    tenant_id: "ann",
    event: "request",
    at: "2026-05-20T00:00:00Z",
    idempotency_key: `may ${n}`,
  }));
  await world.must("POST", "/v1/usage", use);
  const { plans, advice, period_start, current_amount } = await world.must("GET", "/v1/tenants/ann/plan-advice");
  // In May: 50 of the 60 are not free. pro: 50.00 + 50 × 0.10; basic: 20.00 + 50 × 1.00, and its limit is 40; big: 75.00.
  expect([period_start, current_amount]).toEqual(["2026-05-01T00:00:00Z", 5_500]);
  const told = plans.map((one: Record<string, unknown>) => [one.plan, one.amount, one.saves, one.lacks, one.exceeds]);
  expect(told).toEqual([
    ["tried", 2_000, 3_500, ["api"], []],
    ["pro", 5_500, 0, [], []],
    ["basic", 7_000, -1_500, [], ["api"]],
    ["big", 7_500, -2_000, ["api"], []],
  ]);
  expect(advice).toBeNull();
  // The period on the plan of now is what its invoices come to.
  const { items } = await world.must("GET", "/v1/tenants/ann/invoices?limit=100");
  const lines = items.flatMap((invoice: { lines: { amount: number; period_start: string }[] }) => invoice.lines);
  const may = lines.filter((line: { period_start: string }) => line.period_start === "2026-05-01T00:00:00Z");
  expect(may.reduce((sum: number, line: { amount: number }) => sum + line.amount, 0)).toBe(5_000);
});

test("windows that make no sense are named", async () => {
  const bad = (query: string) => world.get(`/v1/analytics/revenue?${query}`).then(({ status, body }) => [status, body.errors?.[0].path]);
  expect(await bad("from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z")).toEqual([422, "from"]);
  expect(await bad("from=1990-02-01T00:00:00Z&to=2026-01-01T00:00:00Z")).toEqual([422, "from"]);
  expect(await bad("granularity=week")).toEqual([422, "granularity"]);
});

test("who is confined to a tenant sees none of it, but its own advice", async () => {
  const { secret } = await world.must("POST", "/v1/api-keys", { name: "ann", scopes: ["billing.read"], tenant_id: "ann" });
  const as = (url: string) => world.call("GET", url, undefined, { authorization: `Bearer ${secret}` }).then(({ status }) => status);
  for (const what of ["revenue", "subscriptions", "credits", "payments", "usage"]) expect(await as(`/v1/analytics/${what}`)).toBe(403);
  expect(await as("/v1/tenants/ann/plan-advice")).toBe(200);
  expect(await as("/v1/tenants/ben/plan-advice")).toBe(404);
});
