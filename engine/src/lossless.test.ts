import { expect, test } from "vitest";
import { parseLossless, survey } from "./lossless.ts";

test.each<[string, unknown]>([
  ["[1, 1.5, -0.25, 1e3, 1.50]", [1, 1.5, -0.25, 1000, 1.5]],
  ["123456789012345678", "123456789012345678"],
  ['{"a":0.1234567890123456789}', { a: "0.1234567890123456789" }],
  ["[1e400, -1e400, 1e-400]", ["1e400", "-1e400", "1e-400"]],
  ['["1e400", "123456789012345678"]', ["1e400", "123456789012345678"]],
  ['{"a\\"b":12345678901234567890}', { 'a"b': "12345678901234567890" }],
])("%s", (text, value) => expect(parseLossless(text)).toEqual(value));

test.each<[string, boolean, number]>([
  ['{"key":"5e3e12ab-1234567890123456789"}', false, 1],
  ['["\\"[[[","]"]', false, 1],
  ["[[{}],[[]]]", false, 3],
  ["[1e5]", true, 1],
  ["1234567890123456", true, 0],
])("of %s is known before it is parsed", (text, long, depth) => expect(survey(text)).toEqual({ long, depth }));
