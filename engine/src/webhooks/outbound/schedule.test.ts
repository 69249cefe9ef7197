/** When a failed delivery is tried again. */
import { expect, test } from "vitest";
import { MAX_ATTEMPTS, retryAfter, retryDelay } from "./schedule.ts";

const HOUR = 3_600_000;

test("ten attempts over three days and three and a half hours, and up to a fifth more", () => {
  const sum = (chance: number) =>
    Array.from({ length: MAX_ATTEMPTS }, (_, index) => retryDelay(index + 1, chance)).reduce<number>((all, wait) => all + (wait ?? 0), 0);
  expect(MAX_ATTEMPTS).toBe(10);
  expect(sum(0)).toBe(75 * HOUR + 35 * 60_000 + 5_000);
  expect(sum(0.999)).toBeLessThan(sum(0) * 1.2);
  expect(retryDelay(MAX_ATTEMPTS, 0)).toBeNull();
});

test.each([
  [1, 0, null, 5_000],
  [2, 0, null, 300_000],
  [2, 0.5, null, 330_000],
  [1, 0, 60_000, 60_000],
  [2, 0, 60_000, 300_000],
  [1, 0, 90 * HOUR, 24 * HOUR],
] as const)("after attempt %i, chance %d, asked for %s: %i ms", (attempts, chance, wish, delay) =>
  expect(retryDelay(attempts, chance, wish)).toBe(delay),
);

test.each([
  [undefined, null],
  ["120", 120_000],
  [" 5 ", 5_000],
  ["-5", null],
  ["soon", null],
  ["1.5", null],
  ["Thu, 01 Jan 1970 00:01:00 GMT", 50_000],
  ["Thu, 01 Jan 1970 00:00:01 GMT", 0],
])("Retry-After %j at ten seconds: %s ms", (header, wait) => expect(retryAfter(header, 10_000)).toBe(wait));
