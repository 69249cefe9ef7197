/** Each fault of a price document is told at its field. */
import { describe, expect, test } from "vitest";
import { checkPrice } from "./check-price.ts";
import type { PriceDocument } from "./price.ts";

const USAGE: PriceDocument = { key: "p", type: "usage", meter: "m" };
const PER_UNIT: PriceDocument = { ...USAGE, unit_amount: "1" };
const PERCENT: PriceDocument = { ...USAGE, model: "percentage", rate: "1" };
const tiered = (...tiers: NonNullable<PriceDocument["tiers"]>): PriceDocument => ({ ...USAGE, model: "graduated", tiers });
const LAST = { up_to: null, unit_amount: "1" };

describe("sound prices have no fault", () => {
  test.each<[PriceDocument]>([
    [{ key: "base", type: "flat", amount: 2900, timing: "in_advance" }],
    [{ key: "seats", type: "seat", model: "per_unit", unit_amount: "1000", included: 3 }],
    [tiered({ up_to: "0.000000000001", unit_amount: "0.0002" }, { up_to: 1000000, flat_amount: "5" }, LAST)],
    [{ ...PERCENT, fixed_amount: "0.3", free_events: 2, min_amount: "1", max_amount: "1", minimum_amount: null }],
    [{ ...USAGE, model: "graduated_percentage", tiers: [{ up_to: null, rate: "2.5" }] }],
    [{ ...PER_UNIT, divide: "1073741824", round: "up", filters: { model: ["gpt-4"] }, group_by: ["model"] }],
  ])("%o", (doc) => expect(checkPrice(doc, "prices[0]")).toEqual([]));
});

describe("faults name the field", () => {
  test.each<[string, PriceDocument]>([
    ["amount", { key: "p", type: "flat" }],
    ["amount", { key: "p", type: "flat", amount: "9.5" }],
    ["amount", { key: "p", type: "flat", amount: -1 }],
    ["meter", { key: "p", type: "flat", amount: 1, meter: "m" }],
    ["model", { key: "p", type: "flat", model: "per_unit", unit_amount: "1" }],
    ["included", { key: "p", type: "flat", amount: 1, included: 1 }],
    ["filters", { key: "p", type: "seat", unit_amount: "1", filters: { a: ["b"] } }],
    ["model", { key: "p", type: "seat", model: "percentage", rate: "1" }],
    ["meter", { key: "p", type: "usage", unit_amount: "1" }],
    ["unit_amount", USAGE],
    ["unit_amount", { ...USAGE, unit_amount: "abc" }],
    ["unit_amount", { ...USAGE, unit_amount: "1e3" }],
    ["tiers", { ...PER_UNIT, tiers: [LAST] }],
    ["rate", { ...PER_UNIT, rate: "1" }],
    ["package_size", { ...USAGE, model: "package", unit_amount: "1" }],
    ["package_size", { ...USAGE, model: "package", unit_amount: "1", package_size: 0 }],
    ["package_size", { ...USAGE, model: "package", unit_amount: "1", package_size: "-1" }],
    ["divide", { ...PER_UNIT, divide: "0" }],
    ["round", { ...PER_UNIT, round: "up" }],
    ["included", { ...PER_UNIT, included: "-1" }],
    ["included", { ...PER_UNIT, included: "0.0000000000001" }],
    ["maximum_amount", { ...PER_UNIT, minimum_amount: 2, maximum_amount: 1 }],
    ["max_amount", { ...PERCENT, min_amount: "2", max_amount: "1.99" }],
    ["free_events", { ...PERCENT, free_events: "1.5" }],
    ["filters.model", { ...PER_UNIT, filters: { model: [] } }],
    ["group_by", { ...PER_UNIT, group_by: ["a", "a"] }],
    ["tiers", { ...USAGE, model: "graduated" }],
    ["tiers", tiered()],
    ["tiers[0].up_to", tiered({ up_to: 0, unit_amount: "1" }, LAST)],
    ["tiers[1].up_to", tiered({ up_to: 5, unit_amount: "1" }, { up_to: 5, unit_amount: "1" }, LAST)],
    ["tiers[1].up_to", tiered({ up_to: 5, unit_amount: "1" }, { up_to: "4.9", unit_amount: "1" }, LAST)],
    ["tiers[0].up_to", tiered({ up_to: null, unit_amount: "1" }, LAST)],
    ["tiers[1].up_to", tiered({ up_to: 1, unit_amount: "1" }, { up_to: 2, unit_amount: "1" })],
    ["tiers[0].unit_amount", tiered({ up_to: null })],
    ["tiers[0].unit_amount", tiered({ up_to: null, unit_amount: "-1" })],
    ["tiers[0].rate", tiered({ up_to: null, unit_amount: "1", rate: "1" })],
    ["tiers[0].unit_amount", { ...USAGE, model: "graduated_percentage", tiers: [{ up_to: null, rate: "1", unit_amount: "1" }] }],
  ])("%s of %o", (field, doc) => {
    expect(checkPrice(doc, "plans[0].prices[2]").map(({ path }) => path)).toEqual([`plans[0].prices[2].${field}`]);
  });
});
