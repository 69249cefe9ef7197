/** `POST /v1/quote` over the real server: what things cost, and which field is named when they cannot be priced. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.must("PUT", "/v1/catalog", {
    meters: [
      { key: "tokens", event: "llm", aggregation: "sum", property: "tokens" },
      { key: "gigabytes", event: "disk", aggregation: "max", rounding: { mode: "ceil" } },
    ],
    plans: [
      {
        key: "pro",
        currency: "usd",
        proration_unit: "day",
        minimum_commitment: 5_000,
        prices: [
          { key: "base", type: "flat", amount: 2_900 },
          { key: "seats", type: "seat", unit_amount: 1_000, included: 3 },
          { key: "tokens", type: "usage", meter: "tokens", unit_amount: "0.5" },
        ],
        currencies: { jpy: { prices: { base: 3_000, seats: 1_000, tokens: "0.5" }, minimum_commitment: 4_000 } },
      },
      { key: "free", currency: "usd", prices: [] },
      { key: "yearly", currency: "usd", interval: "year", prices: [{ key: "base", type: "flat", amount: 36_500 }] },
    ],
  });
});
afterAll(() => world?.close());

const MARCH = { start: "2024-03-01T00:00:00Z", end: "2024-04-01T00:00:00Z" };
const HALF = { start: MARCH.start, end: "2024-03-16T12:00:00Z" };
const usage = (fields: object) => ({ key: "price", type: "usage", meter: "units", unit_amount: 1, ...fields });
const TIERS = [
  { up_to: 10, unit_amount: 10, flat_amount: 2 },
  { up_to: null, unit_amount: "5.5" },
];

async function quote(body: object): Promise<World["post"] extends (...args: never[]) => Promise<infer A> ? A : never> {
  const answer = await world.post("/v1/quote", body);
  expect(answer.status, answer.text).toBe(200);
  return answer;
}

async function priced(price: object, body: object = {}) {
  return (await quote({ currency: "usd", prices: [usage(price)], period: MARCH, ...body })).body;
}

describe("a quantity", () => {
  test.each([
    ["per unit", { unit_amount: "0.25" }, 10, 3],
    ["half a cent rounds away from zero", { unit_amount: "0.5" }, 1, 1],
    ["decimal text", { unit_amount: "0.000001" }, "1000000500000.0", 1_000_001],
    ["a long number keeps its digits", { unit_amount: 1 }, "RAW:12345678901234.123456789", 12_345_678_901_234],
    ["included units are free", { included: "3.5" }, 10, 7],
    ["a negative quantity bills nothing", {}, -5, 0],
    ["package", { model: "package", unit_amount: 100, package_size: 10 }, 21, 300],
    ["graduated", { model: "graduated", unit_amount: null, tiers: TIERS }, 12, 113],
    ["the first tier is entered at zero", { model: "graduated", unit_amount: null, tiers: TIERS }, 0, 2],
    ["volume", { model: "volume", unit_amount: null, tiers: TIERS }, 12, 66],
    ["flat", { model: "flat", unit_amount: null, amount: 700 }, 12, 700],
    ["percentage", { model: "percentage", unit_amount: null, rate: "2.9", fixed_amount: 30 }, 10_000, 320],
    ["conversion is exact", { divide: 3, unit_amount: 1 }, 10, 3],
    ["conversion rounds up", { divide: 1_000, round: "up", unit_amount: 10 }, 1_400, 20],
    ["minimum of the line", { minimum_amount: 500 }, 3, 500],
    ["maximum of the line", { maximum_amount: "500" }, 900, 500],
  ])("%s", async (_name, price, quantity, total) => {
    const text = JSON.stringify({ currency: "usd", prices: [usage(price)], quantities: { units: quantity } });
    const answer = await world.post("/v1/quote", text.replace(/"RAW:([^"]+)"/, "$1"));
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body.total).toBe(total);
    expect(answer.body.subtotal).toBe(total);
    expect(answer.body.lines).toHaveLength(1);
  });

  test("a line is the line of an invoice, with what made it", async () => {
    const { currency, lines } = await priced({ model: "graduated", unit_amount: null, tiers: TIERS }, { quantities: { price: 12 } });
    expect(currency).toBe("usd");
    expect(lines[0]).toEqual({
      id: null,
      kind: "usage",
      plan: null,
      price: "price",
      meter: "units",
      group: null,
      description: "price",
      quantity: 12,
      unit_amount: null,
      amount: 113,
      discount: 0,
      discounts: [],
      tax: 0,
      taxes: [],
      period_start: MARCH.start,
      period_end: MARCH.end,
      proration: false,
      tiers: [
        { up_to: 10, quantity: 10, unit_amount: "10", flat_amount: "2", amount: "102" },
        { up_to: null, quantity: 2, unit_amount: "5.5", flat_amount: "0", amount: "11" },
      ],
      explain: { model: "graduated", billable: 12, exact: 113 },
    });
  });

  test("a negative one stays visible", async () => {
    const { lines } = await priced({}, { quantities: { units: -5 } });
    expect(lines[0]).toMatchObject({ quantity: -5, amount: 0, explain: { billable: 0 } });
  });

  test("the key of a price wins over that of its meter", async () => {
    const prices = [usage({}), usage({ key: "other", unit_amount: 100 })];
    const { body } = await quote({ currency: "usd", prices, quantities: { units: 2, other: 3 } });
    expect(body.lines.map((line: { amount: number }) => line.amount)).toEqual([2, 300]);
  });

  test("a list holds the values of single events", async () => {
    const percent = { model: "percentage", unit_amount: null, rate: 1, fixed_amount: 5, free_events: 1 };
    expect((await priced(percent, { quantities: { units: [1_000, "2000", 3_000] } })).total).toBe(60);
    expect((await priced({}, { quantities: { units: [1, 2.5, 3] } })).lines[0].quantity).toBe(6.5);
  });

  test("a meter's rounding applies to it", async () => {
    expect((await priced({ meter: "gigabytes" }, { quantities: { gigabytes: 2.1 } })).total).toBe(3);
  });

  test.each([
    ["jpy", 1_235],
    ["kwd", 1_235],
  ])("minor units of %s", async (currency, total) => {
    const { body } = await quote({ currency, prices: [usage({ unit_amount: "1234.5" })], quantities: { units: 1 } });
    expect(body).toMatchObject({ currency, total });
  });
});

describe("time", () => {
  const flat = { key: "base", type: "flat", amount: 3_100 };
  test.each([
    ["nothing is prorated without a service", {}, 3_100],
    ["nothing is prorated without a period", { period: null }, 3_100],
    ["by the second", { service: HALF }, 1_550],
    ["by the day", { service: HALF, proration_unit: "day" }, 1_500],
    [
      "by the day of a zone",
      { service: { start: MARCH.start, end: "2024-03-11T20:00:00Z" }, proration_unit: "day", time_zone: "Asia/Tokyo" },
      1_100,
    ],
    ["a service alone lies in a whole month", { period: null, service: HALF }, 1_550],
  ])("%s", async (_name, body, total) => {
    expect((await quote({ currency: "usd", prices: [flat], period: MARCH, ...body })).body.total).toBe(total);
  });

  test("a prorated line says its share", async () => {
    const { body } = await quote({ currency: "usd", prices: [flat], period: MARCH, service: HALF, proration_unit: "day" });
    expect(body.lines[0]).toMatchObject({ proration: true, period_start: HALF.start, period_end: HALF.end, explain: { share: "15/31" } });
  });

  test("bounds of usage lines are prorated, the quantity is not", async () => {
    expect((await priced({ minimum_amount: 3_100 }, { quantities: { units: 7 }, service: HALF })).total).toBe(1_550);
    expect((await priced({ maximum_amount: 3_100 }, { quantities: { units: 9_000 }, service: HALF })).total).toBe(1_550);
    expect((await priced({}, { quantities: { units: 7 }, service: HALF })).total).toBe(7);
  });

  test("the interval of a plan is its period", async () => {
    const { body } = await quote({ plan: "yearly", service: { start: "2023-01-01T00:00:00Z", end: "2023-01-11T00:00:00Z" } });
    expect(body.total).toBe(1_000);
  });
});

describe("a plan", () => {
  test("with seats, usage and the rest of its commitment", async () => {
    const { body } = await quote({ plan: "pro", seats: 4, quantities: { tokens: 101 }, period: MARCH });
    expect(body.currency).toBe("usd");
    expect(body.lines.map((line: { kind: string; amount: number; plan: string }) => [line.kind, line.amount, line.plan])).toEqual([
      ["flat", 2_900, "pro"],
      ["seat", 1_000, "pro"],
      ["usage", 51, "pro"],
      ["commitment", 1_049, "pro"],
    ]);
    expect(body.total).toBe(5_000);
  });

  test.each([
    ["its own currency", {}, 5_000],
    ["another currency", { currency: "jpy" }, 4_000],
    ["above its commitment", { seats: 20 }, 19_900],
    ["seats by the key of the price", { quantities: { seats: 20 } }, 19_900],
    ["prorated as the plan says, with its commitment", { service: HALF }, 2_419],
    ["another commitment", { minimum_commitment: 9_999 }, 9_999],
    ["no commitment", { minimum_commitment: 0 }, 2_900],
    ["events through the catalog's meters", { seats: 20, events: [{ event: "llm", properties: { tokens: 1_000 } }] }, 20_400],
  ])("%s", async (_name, body, total) => {
    expect((await quote({ plan: "pro", period: MARCH, ...body })).body.total).toBe(total);
  });

  test("that costs nothing, in any currency", async () => {
    expect((await quote({ plan: "free", currency: "kwd" })).body).toEqual({ currency: "kwd", lines: [], subtotal: 0, total: 0 });
  });
});

describe("events", () => {
  const at = (day: string) => `2024-${day}T00:00:00Z`;
  const event = (day: string, value: unknown, more: object = {}) => ({ event: "use", at: at(day), properties: { value, ...more } });
  const meter = (fields: object) => [{ key: "units", event: "use", property: "value", ...fields }];
  const SPREAD = [event("02-20", 100), event("03-01", 7), event("03-16", "3"), event("04-01", 50)];

  test.each([
    ["count", { aggregation: "count", property: null }, SPREAD, 2],
    ["sum of a half-open period", { aggregation: "sum" }, SPREAD, 10],
    ["sum carried over", { aggregation: "sum", recurring: true }, SPREAD, 110],
    ["max", { aggregation: "max" }, SPREAD, 7],
    ["min", { aggregation: "min" }, SPREAD, 3],
    ["avg", { aggregation: "avg" }, SPREAD, 5],
    ["latest, in any order", { aggregation: "latest" }, [...SPREAD].reverse(), 3],
    ["unique_count", { aggregation: "unique_count" }, [event("03-01", "a"), event("03-02", "a"), event("03-03", 5)], 2],
    [
      "unique_count that holds",
      { aggregation: "unique_count", recurring: true },
      [event("02-01", "a"), event("02-02", "b"), event("03-02", "a", { operation_type: "remove" }), event("03-03", "c")],
      2,
    ],
    ["weighted_sum", { aggregation: "weighted_sum" }, [event("03-01", 31), event("03-16", -31)], 15],
    ["weighted_sum carried over", { aggregation: "weighted_sum", recurring: true }, [event("02-01", 62), event("03-16", -31)], 46],
    [
      "the event's own amount",
      { aggregation: "sum", property: null },
      [{ event: "use", amount: "2.5", at: at("03-02") }, { event: "use" }],
      3.5,
    ],
    ["rounding", { aggregation: "sum", rounding: { mode: "ceil", precision: -1 } }, SPREAD, 10],
    ["filters", { aggregation: "sum", filters: { region: ["eu"] } }, [event("03-02", 1, { region: "eu" }), event("03-02", 5)], 1],
    ["another event", { aggregation: "sum", event: "other" }, SPREAD, 0],
    ["another filter needs no property", { aggregation: "sum", filters: { region: ["eu"] } }, [{ event: "use", at: at("03-02") }], 0],
  ])("%s", async (_name, fields, events, quantity) => {
    const { lines } = await priced({}, { events, meters: meter(fields) });
    expect(lines[0].quantity).toBe(quantity);
  });

  test("an idempotency key counts once for each event name, and the first is it", async () => {
    const once = (name: string, value: number) => ({ ...event("03-02", value), event: name, idempotency_key: "a" });
    const meters = [...meter({ aggregation: "sum" }), { key: "more", event: "other", aggregation: "sum", property: "value" }];
    const events = [once("use", 1), once("use", 5), once("other", 10)];
    const { body } = await quote({ currency: "usd", prices: [usage({}), usage({ key: "two", meter: "more" })], meters, events });
    expect(body.total).toBe(11);
  });

  test("without a period they say which month", async () => {
    const { lines } = await priced({}, { period: null, events: SPREAD.slice(0, 3), meters: meter({ aggregation: "sum" }) });
    expect(lines[0]).toMatchObject({ quantity: 10, period_start: MARCH.start, period_end: MARCH.end });
  });

  test("a price with group_by has a line for each value", async () => {
    const events = [
      event("03-02", 1, { model: "b" }),
      event("03-02", 2, { model: "a" }),
      event("03-02", 4, { model: "b" }),
      event("03-03", 8),
    ];
    const { lines, total } = await priced({ group_by: ["model"], unit_amount: 10 }, { events, meters: meter({ aggregation: "sum" }) });
    expect(
      lines.map((line: { group: object; quantity: number; description: string }) => [line.group, line.quantity, line.description]),
    ).toEqual([
      [{ model: "a" }, 2, "price (model: a)"],
      [{ model: "b" }, 5, "price (model: b)"],
      [{ model: null }, 8, "price (model: none)"],
    ]);
    expect(total).toBe(150);
  });

  test("of prices with filters the most specific one bills an event, prices with the same filters all do", async () => {
    const prices = [
      usage({ key: "rest" }),
      usage({ key: "eu", filters: { region: ["eu"] } }),
      usage({ key: "eu_fast", filters: { region: ["eu"], tier: ["fast"] } }),
      usage({ key: "rest_again" }),
    ];
    const events = [event("03-02", 1), event("03-02", 10, { region: "eu" }), event("03-02", 100, { region: "eu", tier: "fast" })];
    const { body } = await quote({ currency: "usd", prices, events, meters: meter({ aggregation: "sum" }) });
    expect(body.lines.map((line: { quantity: number }) => line.quantity)).toEqual([1, 10, 100, 1]);
  });

  test("a percentage price sees each of them", async () => {
    const price = { model: "percentage", unit_amount: null, rate: "2.99", free_events: 1, min_amount: 175, max_amount: 1_200 };
    const events = [event("03-03", 8_000), event("03-02", 5_000), event("03-04", 1_000_000)];
    expect((await priced(price, { events, meters: meter({ aggregation: "sum" }) })).total).toBe(239 + 1_200);
  });

  test("quantities of a key win over them", async () => {
    const body = { events: SPREAD, meters: meter({ aggregation: "sum" }), quantities: { price: 3 } };
    expect((await priced({}, body)).total).toBe(3);
  });
});

describe("usage in advance", () => {
  const advance = (fields: object) => ({ timing: "in_advance", ...fields });
  const fees = (line: { explain: { fees: { amount: number }[] } }) => line.explain.fees.map((fee) => fee.amount);

  test("each event costs what all cost less what those before did", async () => {
    const { lines, total } = await priced(advance({ model: "graduated", unit_amount: null, tiers: TIERS }), {
      quantities: { units: [8, 4] },
    });
    expect(fees(lines[0])).toEqual([82, 31]);
    expect(lines[0]).toMatchObject({ quantity: 12, amount: 113, explain: { exact: 113 } });
    expect(total).toBe(113);
  });

  test("only a new high costs; the line shows what is left", async () => {
    const { lines } = await priced(advance({}), { quantities: { units: [10, -4, 3, 4] } });
    expect(fees(lines[0])).toEqual([10, 0, 0, 3]);
    expect(lines[0]).toMatchObject({ quantity: 13, amount: 13 });
  });

  test("no event, no fee, not even a tier's flat amount", async () => {
    const graduated = advance({ model: "graduated", unit_amount: null, tiers: TIERS });
    const { lines } = await priced(graduated, { quantities: { units: 0 } });
    expect(lines[0]).toMatchObject({ amount: 0, tiers: [], explain: { fees: [], exact: 0 } });
    expect((await priced(graduated)).total).toBe(0);
  });

  test("what is held from before is due at the start", async () => {
    const events = [
      { event: "use", at: "2024-02-01T00:00:00Z", properties: { value: 4 } },
      { event: "use", at: "2024-03-05T00:00:00Z", properties: { value: 2 } },
    ];
    const meters = [{ key: "units", event: "use", aggregation: "sum", property: "value", recurring: true }];
    const { lines } = await priced(advance({ unit_amount: 10 }), { events, meters });
    expect(lines[0].explain.fees).toEqual([
      { at: MARCH.start, quantity: 4, amount: 40 },
      { at: "2024-03-05T00:00:00Z", quantity: 6, amount: 20 },
    ]);
  });

  test("the line's bounds are prorated: the most is never passed, the least trued up", async () => {
    const most = await priced(advance({ maximum_amount: 20 }), { quantities: { units: [7, 7] }, service: HALF });
    expect(fees(most.lines[0])).toEqual([7, 3]);
    const least = await priced(advance({ minimum_amount: 200 }), { quantities: { units: [7, 7] }, service: HALF });
    expect(least.lines[0]).toMatchObject({ amount: 100, explain: { true_up: 86 } });
  });
});

test("an invoice comes to what the quote said, line by line", async () => {
  const clock = await world.clock(MARCH.start);
  await world.must("PUT", "/v1/tenants/acme", { name: "Acme", currency: "usd", test_clock: clock.id });
  await world.must("POST", "/v1/tenants/acme/subscription", { plan: "pro", seats: 4 });
  await clock.to("2024-03-20T00:00:00Z");
  const events = [
    { event: "llm", at: "2024-03-02T10:30:00Z", idempotency_key: "1", properties: { tokens: 101 } },
    { event: "llm", at: "2024-03-02T10:30:00Z", idempotency_key: "1", properties: { tokens: 101 } },
    { event: "llm", at: "2024-03-19T23:59:59.999999Z", idempotency_key: "2", properties: { tokens: "0.5" } },
  ];
  await world.must(
    "POST",
    "/v1/usage",
    events.map((event) => ({ tenant_id: "acme", ...event })),
  );
  await clock.to(MARCH.end);
  const { items } = await world.must("GET", "/v1/tenants/acme/invoices");
  const { body } = await quote({ plan: "pro", seats: 4, events, period: MARCH });
  interface Line {
    id: string | null;
    kind: string;
    price: string;
    period_start: string;
  }
  const billed: Line[] = items
    .flatMap((invoice: { lines: Line[] }) => invoice.lines)
    .filter((line: Line) => line.period_start === MARCH.start);
  const inOrder = (lines: Line[]) => lines.map((line) => ({ ...line, id: null })).sort((a, b) => (a.kind < b.kind ? -1 : 1));
  expect(inOrder(billed)).toEqual(inOrder(body.lines));
  expect(body.total).toBe(5_000);
});

test("nothing is stored", async () => {
  const count = async () =>
    (
      await world.billing.ctx.pool.query(
        "select (select count(*) from invoices) + (select count(*) from invoice_lines) + (select count(*) from usage_events) + (select count(*) from idempotency_keys) as n",
      )
    ).rows[0].n;
  const before = await count();
  await quote({ plan: "pro", events: [{ event: "llm", properties: { tokens: 1 } }] });
  expect(await count()).toBe(before);
});
