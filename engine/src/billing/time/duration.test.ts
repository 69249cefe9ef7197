import { describe, expect, test } from "vitest";
import { addDuration, intervalOf, parseDuration } from "./duration.ts";
import { formatInstant, parseInstant } from "./instant.ts";

describe("addDuration", () => {
  test.each([
    // OpenMeter duration_add
    ["2024-12-31T00:00:00Z", "P1M", "2025-01-31T00:00:00Z"],
    ["2024-12-31T00:00:00Z", "P6M", "2025-06-30T00:00:00Z"],
    ["2025-02-01T12:00:00Z", "P1W", "2025-02-08T12:00:00Z"],
    ["2025-02-01T12:00:00Z", "PT45S", "2025-02-01T12:00:45Z"],
    ["2016-11-30T00:00:00Z", "P1M", "2016-12-30T00:00:00Z"],
    ["2024-01-31T22:00:00Z", "P1M1DT3H", "2024-03-02T01:00:00Z"], // clamped first, then the day, then the time
    ["2024-02-29T00:00:00Z", "P1Y", "2025-02-28T00:00:00Z"],
    ["2024-01-01T00:00:00Z", "P1DT20H2S", "2024-01-02T20:00:02Z"],
    ["2024-01-01T00:00:00Z", "P0D", "2024-01-01T00:00:00Z"],
  ])("%s + %s is %s", (start, duration, end) => {
    expect(formatInstant(addDuration(parseInstant(start)!, parseDuration(duration)!))).toBe(end);
  });
});

test.each(["", "P", "PT", "P1", "1D", "P1DT", "P-1D", "-P1D", "P1.5D", "P1D1M", "PT1M1H", "P1S", "p1d", " P1D"])(
  "%j is no duration",
  (text) => {
    expect(parseDuration(text)).toBeNull();
  },
);

test.each([
  ["P1D", { unit: "day", count: 1 }],
  ["P10D", { unit: "day", count: 10 }],
  ["P1W", { unit: "week", count: 1 }],
  ["P14D", { unit: "week", count: 2 }],
  ["P1M", { unit: "month", count: 1 }],
  ["P3M", { unit: "month", count: 3 }],
  ["P1Y", { unit: "year", count: 1 }],
  ["P24M", { unit: "year", count: 2 }],
  ["P1M1D", null],
  ["PT24H", null],
  ["P0D", null],
])("%s as an interval", (text, interval) => {
  expect(intervalOf(parseDuration(text)!)).toEqual(interval);
});
