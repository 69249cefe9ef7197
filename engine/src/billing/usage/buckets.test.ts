import { expect, test } from "vitest";
import { parseInstant } from "../time/instant.ts";
import { bucketsOf, type Granularity } from "./buckets.ts";

const at = (text: string): number => parseInstant(text)!;

test.each<[Granularity, string, string, string, string[]]>([
  ["total", "UTC", "2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z", ["2024-01-01T00:00:00Z"]],
  [
    "hour",
    "Asia/Kolkata",
    "2024-01-01T00:30:00Z",
    "2024-01-01T02:15:00Z",
    ["2024-01-01T02:00:00Z", "2024-01-01T01:00:00Z", "2024-01-01T00:30:00Z"],
  ],
  ["day", "Asia/Kolkata", "2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", ["2024-01-01T18:30:00Z", "2024-01-01T00:00:00Z"]],
  ["month", "America/New_York", "2024-03-01T05:00:00Z", "2024-05-01T04:00:00Z", ["2024-04-01T04:00:00Z", "2024-03-01T05:00:00Z"]],
])("%s in %s, the newest first", (granularity, zone, from, to, starts) => {
  const buckets = bucketsOf(granularity, zone, at(from), at(to))!;
  expect(buckets.map((bucket) => bucket.start)).toEqual(starts.map(at));
  expect([at(from), ...buckets.map((bucket) => bucket.end).toReversed()]).toEqual([
    ...buckets.map((bucket) => bucket.start).toReversed(),
    at(to),
  ]);
});

test("too many are none", () => expect(bucketsOf("hour", "UTC", 0, 10_001 * 3_600_000)).toBeNull());
