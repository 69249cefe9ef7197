/** Values that break programs: of every kind, small enough to send many of them. */
import type { Random } from "../../src/simulation/random.ts";

const TEXTS = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "\u202e\u200b",
  "𝒳".repeat(40),
  "x".repeat(300),
  "x".repeat(20_000),
  "' or 1=1 --",
  "$1; drop table tenants",
  "../../etc/passwd",
  "%00",
  "<script>alert(1)</script>",
  "null",
  "NaN",
  "Infinity",
  "1e400",
  "-0",
  "0x10",
  "1,5",
  "9".repeat(40),
  `0.${"9".repeat(60)}`,
  "2024-02-30T00:00:00Z",
  "0000-01-01T00:00:00Z",
  "9999-12-31T23:59:59.999999Z",
  "2024-01-01T00:00:00+99:99",
  "__proto__",
  "constructor",
  "toString",
  "{{7*7}}",
  "\r\nSet-Cookie: a=b",
];

const NUMBERS = [0, -0, -1, 1, 0.1, 1e-13, 1.5, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 2 ** 53 + 2, 1e21, -1e21, 1e308, Number.MIN_VALUE];

/** Texts of JSON that no value of ours prints as. */
const RAW = [
  "1e400",
  "-1e400",
  `1${"0".repeat(400)}`,
  "00",
  "NaN",
  "'a'",
  `${"[".repeat(2_000)}${"]".repeat(2_000)}`,
  '{"a":1,"a":2}',
  "",
  "\ufeff{}",
];

export function hostileText(random: Random): string {
  return random.pick(TEXTS);
}

export function hostile(random: Random): unknown {
  switch (random.whole(0, 7)) {
    case 0:
    case 1:
      return random.pick(TEXTS);
    case 2:
    case 3:
      return random.pick(NUMBERS);
    case 4:
      return random.pick([null, true, false, [], {}]);
    case 5:
      return Array.from({ length: random.whole(1, 4) }, () => hostile(random));
    case 6:
      return JSON.parse(`{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}, "a": 1}`);
    default:
      return Object.fromEntries(Array.from({ length: random.whole(1, 3) }, () => [random.pick(TEXTS).slice(0, 40), hostile(random)]));
  }
}

/** A body as it goes over the wire, broken below the level of values. */
export function hostileBody(random: Random, body: string): string {
  switch (random.whole(0, 3)) {
    case 0:
      return random.pick(RAW);
    case 1:
      return body.slice(0, random.whole(0, Math.max(0, body.length - 1)));
    case 2:
      return body.replace(/\d+/, () => random.pick(RAW));
    default:
      return `${body}${body}`;
  }
}
