/** What a quote refuses, each naming the field. */
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
const usage = (fields: object) => ({ key: "price", type: "usage", meter: "units", unit_amount: 1, ...fields });
describe("what cannot be priced", () => {
  const valid = { currency: "usd", prices: [usage({})], quantities: { units: 1 } };
  const events = [{ event: "use", at: "2024-03-02T00:00:00Z", properties: { tokens: 1 } }];
  const meters = [{ key: "units", event: "use", aggregation: "sum", property: "tokens" }];
  const metered = { currency: "usd", prices: [usage({})], period: MARCH, meters };
  const third = (fields: object) => [...events, ...events, ...events, { event: "use", at: MARCH.start, ...fields }];

  test.each([
    ["neither prices nor plan", { currency: "usd" }, "prices"],
    ["both prices and plan", { ...valid, plan: "pro" }, "plan"],
    ["prices without a currency", { prices: [usage({})] }, "currency"],
    ["a currency that is none", { ...valid, currency: "xxx" }, "currency"],
    ["a currency that the plan is not sold in", { plan: "pro", currency: "eur" }, "currency"],
    ["an unknown field", { ...valid, quantity: 1 }, "quantity"],
    ["an unknown field of a price", { ...valid, prices: [usage({ amounts: 1 })] }, "prices[0].amounts"],
    ["a price without its amount", { ...valid, prices: [usage({ unit_amount: null })] }, "prices[0].unit_amount"],
    [
      "a last tier with an end",
      { ...valid, prices: [usage({}), usage({ key: "b", unit_amount: null, model: "volume", tiers: [{ up_to: 5, unit_amount: 1 }] })] },
      "prices[1].tiers[0].up_to",
    ],
    [
      "a tier of another form",
      { ...valid, prices: [usage({}), usage({ key: "b", model: "volume", tiers: [{ up_to: "five" }] })] },
      "prices[1].tiers[0].up_to",
    ],
    ["two prices of one key", { ...valid, prices: [usage({}), usage({})] }, "prices[1].key"],
    ["a quantity of nothing", { ...valid, quantities: { foo: 1 } }, "quantities.foo"],
    ["a name that every object has", { ...valid, quantities: { constructor: 1 } }, "quantities.constructor"],
    ["a quantity that is no number", { ...valid, quantities: { units: "many" } }, "quantities.units"],
    ["a single value that is no number", { ...valid, quantities: { units: [1, "many"] } }, "quantities.units[1]"],
    ["too many places", { ...valid, quantities: { units: "0.0000000000001" } }, "quantities.units"],
    ["negative seats", { plan: "pro", seats: -1 }, "seats"],
    ["half a seat", { plan: "pro", seats: 1.5 }, "seats"],
    ["a list of seats", { plan: "pro", quantities: { seats: [1, 2] } }, "quantities.seats"],
    ["a negative unit price", { ...valid, prices: [usage({ unit_amount: -1 })] }, "prices[0].unit_amount"],
    ["a period without end", { ...valid, period: { start: MARCH.start } }, "period.end"],
    ["a period backwards", { ...valid, period: { start: MARCH.end, end: MARCH.start } }, "period.end"],
    ["an instant that is none", { ...valid, period: { ...MARCH, start: "2024-02-30T00:00:00Z" } }, "period.start"],
    [
      "a service before the period",
      { ...valid, period: MARCH, service: { start: "2024-02-01T00:00:00Z", end: MARCH.end } },
      "service.start",
    ],
    [
      "a service after the period",
      { ...valid, period: MARCH, service: { start: MARCH.end, end: "2024-05-01T00:00:00Z" } },
      "service.start",
    ],
    [
      "a service that ends too late",
      { ...valid, period: MARCH, service: { start: MARCH.start, end: "2024-05-01T00:00:00Z" } },
      "service.end",
    ],
    ["a zone that is none", { ...valid, time_zone: "Mars/Olympus" }, "time_zone"],
    ["a commitment with half a cent", { ...valid, minimum_commitment: 0.5 }, "minimum_commitment"],
    ["events of another form", { ...metered, events: { event: "use" } }, "events"],
    ["an event that is none", { ...metered, events: ["use"] }, "events[0]"],
    ["an event without a name", { ...metered, events: [{ amount: 1 }] }, "events[0].event"],
    ["an unknown field of an event", { ...metered, events: [{ event: "use", tenant_id: "acme" }] }, "events[0].tenant_id"],
    ["an event at no time", { ...metered, events: third({ at: "yesterday" }) }, "events[3].at"],
    ["a missing property", { ...metered, events: third({ properties: {} }) }, "events[3].properties.tokens"],
    ["no properties", { ...metered, events: third({}) }, "events[3].properties.tokens"],
    ["a property that is no number", { ...metered, events: third({ properties: { tokens: "many" } }) }, "events[3].properties.tokens"],
    [
      "an operation that is none",
      {
        ...metered,
        meters: [{ ...meters[0], aggregation: "unique_count" }],
        events: third({ properties: { tokens: 1, operation_type: "drop" } }),
      },
      "events[3].properties.operation_type",
    ],
    ["a meter that nobody declared", { currency: "usd", prices: [usage({})], events }, "prices[0].meter"],
    ["a meter that cannot be", { ...metered, events, meters: [{ ...meters[0], aggregation: "count" }] }, "meters[0].property"],
    ["an aggregation that is none", { ...metered, events, meters: [{ ...meters[0], aggregation: "median" }] }, "meters[0].aggregation"],
    ["two meters of one key", { ...metered, events, meters: [meters[0], meters[0]] }, "meters[1].key"],
    [
      "too many events one by one",
      { ...valid, prices: [usage({ timing: "in_advance" })], quantities: { units: Array.from({ length: 1_001 }, () => 1) } },
      "events",
    ],
    [
      "too many values over all prices",
      { ...valid, prices: Array.from({ length: 11 }, (_, i) => usage({ key: `p${i}` })), quantities: { units: Array(10_000).fill(1) } },
      "quantities.units",
    ],
  ])("%s", async (_name, body, path) => {
    const answer = await world.post("/v1/quote", body);
    expect(answer.status, answer.text).toBe(422);
    expect(answer.body.code).toBe("invalid_request");
    expect(answer.body.errors.map((fault: { path: string }) => fault.path)).toContain(path);
  });

  test("a plan that is not there is a 404", async () => {
    expect(await world.post("/v1/quote", { plan: "gone" })).toMatchObject({ status: 404, body: { code: "plan_not_found" } });
  });

  test("all faults are named at once", async () => {
    const body = { ...metered, quantities: { foo: 1 }, events: third({ properties: {} }) };
    const answer = await world.post("/v1/quote", body);
    expect(answer.body.errors.map((fault: { path: string }) => fault.path)).toEqual(["quantities.foo", "events[3].properties.tokens"]);
  });

  test("nobody asks without credentials", async () => {
    expect((await world.post("/v1/quote", valid, { authorization: "" })).status).toBe(401);
  });
});
