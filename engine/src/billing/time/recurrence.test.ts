import { describe, expect, test } from "vitest";
import { formatInstant, parseInstant } from "./instant.ts";
import type { Interval } from "./period.ts";
import {
  nextOccurrence,
  occurrencePeriodAt,
  periodsFrom,
  previousOccurrence,
  type RecurrenceFrom,
  resetsBetween,
  usagePeriodAt,
} from "./recurrence.ts";

const at = (text: string) => parseInstant(text)!;
const every = (unit: Interval["unit"], anchor: string, timeZone = "UTC") => ({
  anchor: at(anchor),
  interval: { unit, count: 1 },
  timeZone,
});
const daily: RecurrenceFrom[] = [
  { ...every("day", "2025-06-05T01:00:00Z"), effectiveFrom: at("2025-06-05T14:08:02Z") },
  { ...every("day", "2025-06-05T02:00:00Z"), effectiveFrom: at("2025-06-08T14:08:02Z") },
];

describe("occurrences", () => {
  // OpenMeter recurrence_next, recurrence_prev
  test.each([
    ["2024-02-20T00:00:00Z", "2023-12-31T23:00:00Z", "inclusive", "2024-01-01T00:00:00Z"],
    ["2024-01-02T00:00:00Z", "2024-01-01T00:00:00Z", "exclusive", "2024-01-02T00:00:00Z"],
    ["2024-01-02T00:00:00Z", "2024-01-01T00:00:00Z", "inclusive", "2024-01-01T00:00:00Z"],
  ] as const)("daily from %s, next after %s %s", (anchor, from, boundary, expected) => {
    expect(formatInstant(nextOccurrence(every("day", anchor), at(from), boundary))).toBe(expected);
  });

  test.each([
    ["day", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", "exclusive", "2023-12-31T00:00:00Z"],
    ["day", "2023-12-31T00:00:00Z", "2024-01-01T01:00:00Z", "exclusive", "2024-01-01T00:00:00Z"],
    ["day", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", "inclusive", "2024-01-01T00:00:00Z"],
    ["week", "2024-01-02T00:00:00Z", "2024-01-01T00:00:00Z", "exclusive", "2023-12-26T00:00:00Z"],
    ["month", "2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", "exclusive", "2024-01-01T00:00:00Z"],
    ["month", "2024-01-31T00:00:00Z", "2024-03-31T00:00:00Z", "exclusive", "2024-02-29T00:00:00Z"],
  ] as const)("every %s from %s, last before %s %s", (unit, anchor, from, boundary, expected) => {
    expect(formatInstant(previousOccurrence(every(unit, anchor), at(from), boundary))).toBe(expected);
  });

  test("the period between two of them, OpenMeter recurrence_period_at", () => {
    expect(occurrencePeriodAt(every("month", "2025-01-31T15:00:00Z"), at("2025-09-30T15:00:00Z"))).toEqual({
      start: at("2025-09-30T15:00:00Z"),
      end: at("2025-10-31T15:00:00Z"),
    });
  });

  test("periods in a row, the first one cut, OpenMeter billing_anchor_periods", () => {
    const periods = periodsFrom(every("month", "2025-01-31T15:00:00Z"), at("2025-07-10T15:00:00Z"), 3);
    expect(periods.map(({ start }) => formatInstant(start))).toEqual([
      "2025-07-10T15:00:00Z",
      "2025-07-31T15:00:00Z",
      "2025-08-31T15:00:00Z",
    ]);
    expect(formatInstant(periods[2]!.end)).toBe("2025-09-30T15:00:00Z");
  });
});

describe("resets whose rule changed", () => {
  test("all of them, OpenMeter usage_reset_timeline", () => {
    expect(resetsBetween(daily, at("2025-06-05T00:00:00Z"), at("2025-06-10T00:00:00Z")).map(formatInstant)).toEqual([
      "2025-06-05T14:08:02Z",
      "2025-06-06T01:00:00Z",
      "2025-06-07T01:00:00Z",
      "2025-06-08T01:00:00Z",
      "2025-06-08T14:08:02Z",
      "2025-06-09T02:00:00Z",
    ]);
  });

  test("both ends are included, and nothing twice", () => {
    expect(resetsBetween(daily, at("2025-06-06T01:00:00Z"), at("2025-06-07T01:00:00Z")).map(formatInstant)).toEqual([
      "2025-06-06T01:00:00Z",
      "2025-06-07T01:00:00Z",
    ]);
    expect(resetsBetween(daily, at("2025-06-05T14:08:02Z"), at("2025-06-05T14:08:02Z"))).toHaveLength(1);
    expect(resetsBetween(daily, at("2025-06-01T00:00:00Z"), at("2025-06-02T00:00:00Z"))).toEqual([]);
  });

  test.each([
    ["2025-06-01T00:00:00Z", "2025-06-05T14:08:02Z", "2025-06-06T01:00:00Z"], // before the first: the first
    ["2025-06-05T14:08:02Z", "2025-06-05T14:08:02Z", "2025-06-06T01:00:00Z"],
    ["2025-06-07T01:00:00Z", "2025-06-07T01:00:00Z", "2025-06-08T01:00:00Z"],
    ["2025-06-08T14:08:01Z", "2025-06-08T01:00:00Z", "2025-06-08T14:08:02Z"], // cut by the next rule
    ["2025-06-08T14:08:02Z", "2025-06-08T14:08:02Z", "2025-06-09T02:00:00Z"],
  ])("the usage period at %s", (moment, start, end) => {
    expect(usagePeriodAt(daily, at(moment))).toEqual({ start: at(start), end: at(end) });
  });

  test("month steps are taken in the zone", () => {
    const list = [{ ...every("month", "2025-01-31T23:00:00Z", "Europe/Paris"), effectiveFrom: at("2025-01-31T23:00:00Z") }];
    expect(formatInstant(usagePeriodAt(list, at("2025-03-15T00:00:00Z")).end)).toBe("2025-03-31T22:00:00Z");
  });

  test("no rule, no period", () => {
    expect(() => usagePeriodAt([], 0)).toThrow(RangeError);
  });
});
