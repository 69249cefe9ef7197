import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diffCatalog } from "./diff.ts";
import type { PlanDocument } from "./document.ts";
import { parsePlan } from "./parse.ts";
import { type PlanTerms, termsOf } from "./terms.ts";

const BASE: PlanDocument = {
  key: "base",
  currency: "usd",
  trial: true,
  entitlements: [
    { feature: "calls", limit: 10, window: "day" },
    { feature: "calls", limit: 100, window: "month" },
    { feature: "chat", enabled: true },
  ],
  credits: { amount: 50 },
  prices: [{ key: "fee", type: "flat", amount: 1000 }],
};

const terms = (...docs: PlanDocument[]) => termsOf(docs.at(-1)!, new Map(docs.map((doc) => [doc.key, doc])));

describe("terms", () => {
  test("fill in what is not said", () => {
    expect(terms({ key: "free" })).toEqual({
      currency: "usd",
      currencies: {},
      interval: "month",
      interval_count: 1,
      trial_days: null,
      trial: false,
      proration_unit: "second",
      seat_decrease: "credit",
      after_dunning: "cancel",
      minimum_commitment: null,
      prices: [],
      entitlements: [],
      credits: null,
      processor_prices: {},
    });
  });

  test("take over entitlements and credits, not prices; a word of one's own on a feature replaces all on it", () => {
    const own = terms(BASE, { key: "own", extends: "base", entitlements: [{ feature: "calls", limit: null }] });
    expect(own.entitlements).toEqual([
      { feature: "calls", limit: null },
      { feature: "chat", enabled: true },
    ]);
    expect([own.credits, own.prices, own.currency]).toEqual([{ amount: "50", rollover: false }, [], "usd"]);
    const further = terms(
      BASE,
      { key: "own", extends: "base" },
      { key: "third", extends: "own", credits: { amount: "7.50", rollover: true } },
    );
    expect([further.entitlements.length, further.credits]).toEqual([3, { amount: "7.5", rollover: true }]);
  });

  test("are complete: a plan is parsed from them alone, in each of its currencies", () => {
    const doc: PlanDocument = {
      ...BASE,
      minimum_commitment: 500,
      currencies: { jpy: { prices: { fee: 150_000 }, minimum_commitment: "70000" } },
    };
    const plan = parsePlan(
      { key: "base", version: 3, head: { key: "base" }, terms: JSON.parse(JSON.stringify(terms(doc))) as PlanTerms, archived: false },
      14,
    );
    expect(plan).toMatchObject({
      version: 3,
      name: "base",
      trialDays: 14,
      currencies: ["usd", "jpy"],
      minimumCommitment: { usd: 500n, jpy: 70000n },
    });
    expect(plan.pricesIn("jpy")[0]!.amount).toBe(150000n);
    expect(() => plan.pricesIn("eur")).toThrow(RangeError);
    expect(
      parsePlan({ key: "free", version: 1, head: { key: "free" }, terms: terms({ key: "free" }), archived: false }, 14).pricesIn("eur"),
    ).toEqual([]);
  });
});

const amount = fc.oneof(fc.nat(1e9), fc.nat(1e9).map(String));
const decimal = fc.tuple(fc.nat(999), fc.nat(9999)).map(([whole, part]) => `${whole}.${String(part).padStart(4, "0")}`);
const price = fc.record(
  {
    key: fc.constantFrom("a", "b", "c"),
    type: fc.constantFrom("flat", "seat", "usage"),
    model: fc.constantFrom("flat", "per_unit", "graduated", null),
    amount,
    unit_amount: decimal,
    included: fc.oneof(fc.nat(100), decimal),
    tiers: fc.array(fc.record({ up_to: fc.option(fc.nat(1000)), unit_amount: decimal, flat_amount: fc.option(amount) }), { maxLength: 3 }),
    name: fc.option(fc.string()),
  },
  { requiredKeys: ["key", "type"] },
);
const plan = fc.record(
  {
    key: fc.constantFrom("p", "q", "r"),
    name: fc.option(fc.string()),
    extends: fc.constantFrom("p", "q", null),
    interval: fc.constantFrom("month", "year", null),
    trial_days: fc.option(fc.nat(30)),
    prices: fc.array(price, { maxLength: 3 }),
    credits: fc.option(fc.record({ amount: decimal, rollover: fc.constantFrom(true, false, { max: 5 }) })),
    entitlements: fc.array(fc.record({ feature: fc.constantFrom("x", "y"), value: fc.jsonValue() }), { maxLength: 3 }),
  },
  { requiredKeys: ["key"] },
);

test("what was stored, declared again, changes nothing", () => {
  fc.assert(
    fc.property(fc.uniqueArray(plan, { selector: (doc) => doc.key, maxLength: 3 }), (generated) => {
      const docs = generated as PlanDocument[];
      const all = new Map(docs.map((doc) => [doc.key, doc]));
      const stored = docs.map((head) => ({ key: head.key, version: 1, head, terms: termsOf(head, all), archived: false }));
      const read = JSON.parse(JSON.stringify(stored)) as typeof stored;
      const changes = diffCatalog({ items: [], plans: read }, { plans: JSON.parse(JSON.stringify(docs)) as PlanDocument[] });
      expect(changes.every((change) => change.action === "none")).toBe(true);
    }),
    { numRuns: 300 },
  );
});
