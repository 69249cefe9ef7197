/** Filters, groups and the rounding of a value. Figures of Lago's published tests. */
import { describe, expect, test } from "vitest";
import { decimal } from "../money/decimal.ts";
import { type Filters, matches, mostSpecific, type Properties, propertyText } from "./filter.ts";
import { groupKey, groupOf } from "./group.ts";
import { type QuantityRounding, roundQuantity } from "./rounding.ts";

describe("matches", () => {
  test.each<[Filters | null, Properties, boolean]>([
    [null, {}, true],
    [{}, { a: 1 }, true],
    [{ model: ["gpt-4", "gpt-5"] }, { model: "gpt-5" }, true],
    [{ model: ["gpt-4"] }, { model: "gpt-5" }, false],
    [{ model: ["gpt-4"] }, {}, false],
    [{ n: ["2"] }, { n: 2 }, true],
    [{ n: ["2.5"] }, { n: 2.5 }, true],
    [{ on: ["true"] }, { on: true }, true],
    [{ a: ["null"] }, { a: null }, false],
    [{ a: ["x"], b: ["y"] }, { a: "x" }, false],
    [{ toString: ["x"] }, {}, false],
  ])("%o of %o: %s", (filters, properties, expected) => expect(matches(filters, properties)).toBe(expected));

  test("an object is no text", () => expect(propertyText({ a: { b: 1 } }, "a")).toBeNull());
});

describe("the most specific filter wins", () => {
  const candidates = [
    { key: "default" },
    { key: "card", filters: { method: ["card"] } },
    { key: "visa", filters: { method: ["card"], scheme: ["visa"] } },
    { key: "domestic", filters: { method: ["card"], place: ["domestic"] } },
  ];
  test.each<[Properties, string]>([
    [{ method: "cash" }, "default"],
    [{ method: "card" }, "card"],
    [{ method: "card", scheme: "visa" }, "visa"],
    [{ method: "card", place: "domestic" }, "domestic"],
    [{ method: "card", place: "domestic", scheme: "visa" }, "visa"],
  ])("%o: %s", (properties, key) => expect(mostSpecific(candidates, properties)?.key).toBe(key));

  test("none may match", () => expect(mostSpecific(candidates.slice(1), {})).toBeUndefined());
});

test("a group is named alike whatever the order of group_by; what is missing is null", () => {
  const properties = { model: "gpt-4", region: 2 };
  expect(groupKey(groupOf(["region", "model", "user"], properties))).toBe('{"model":"gpt-4","region":"2","user":null}');
  expect(groupKey(groupOf(["user", "model", "region"], properties))).toBe('{"model":"gpt-4","region":"2","user":null}');
  expect(groupKey(groupOf([], properties))).toBe("");
});

test.each<[string, QuantityRounding | null, string]>([
  ["123.456", { mode: "round", precision: -2 }, "100"],
  ["123.456", { mode: "ceil", precision: 2 }, "123.46"],
  ["123.456", { mode: "floor", precision: 2 }, "123.45"],
  ["123.456", null, "123.456"],
  ["123.5", { mode: "round", precision: 0 }, "124"],
  ["-123.5", { mode: "round", precision: 0 }, "-124"],
  ["123.456", { mode: "ceil", precision: -2 }, "200"],
  ["-123.456", { mode: "ceil", precision: 0 }, "-123"],
  ["-123.456", { mode: "floor", precision: -1 }, "-130"],
  ["99", { mode: "floor", precision: -2 }, "0"],
])("%s rounded %o is %s", (value, rounding, rounded) => expect(roundQuantity(decimal(value), rounding).toFixed()).toBe(rounded));
