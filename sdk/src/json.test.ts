import { expect, test } from "vitest";
import { parseJson, printJson } from "./json.ts";

test.each([
  ["12345678901234567", "12345678901234567"],
  ["-0.12345678901234567", "-0.12345678901234567"],
  ["9007199254740991", 9007199254740991],
  ["0.1000000000000000000", 0.1],
  ["1.5e3", 1500],
  ['"12345678901234567 \\" 98765432109876543"', '12345678901234567 " 98765432109876543'],
  ["[1,12345678901234567.5]", [1, "12345678901234567.5"]],
  ['{"a":1e-7,"b":[]}', { a: 1e-7, b: [] }],
])("%s is read with all its digits", (text, value) => {
  expect(parseJson(text)).toEqual(value);
});

test("bigints are written exactly, and what is no number is not written", () => {
  expect(printJson({ a: 5n, b: 12345678901234567890n })).toBe('{"a":5,"b":"12345678901234567890"}');
  expect(() => printJson({ a: Number.NaN })).toThrow(TypeError);
});
