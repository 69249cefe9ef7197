import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { civilFromDays, DAY, daysFromCivil, daysInMonth } from "./civil.ts";
import { formatInstant, parseInstant } from "./instant.ts";
import {
  alignAnchor,
  daysOf,
  fullPeriodAt,
  type Interval,
  overlap,
  type Period,
  periodAt,
  periodIndexAt,
  periodStart,
  servicePeriodAt,
} from "./period.ts";

const at = (text: string) => parseInstant(text.length === 10 ? `${text}T00:00:00Z` : text)!;
const show = ({ start, end }: Period) => [formatInstant(start), formatInstant(end)];
const MONTH: Interval = { unit: "month", count: 1 };

describe("civil dates", () => {
  test("every day from 1583 to 2400 is what Date says, there and back", () => {
    for (let days = daysFromCivil(1583, 1, 1); days < daysFromCivil(2400, 1, 1); days += 61) {
      const date = new Date(days * DAY);
      const civil = civilFromDays(days);
      expect([civil.year, civil.month, civil.day]).toEqual([date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]);
      expect(daysFromCivil(civil.year, civil.month, civil.day)).toBe(days);
    }
    expect([2023, 2024, 1900, 2000].map((year) => daysInMonth(year, 2))).toEqual([28, 29, 28, 29]);
  });
});

describe("period k is anchor + k × interval, from the anchor (lesson 28: no drift 31 → 28 → 28)", () => {
  test.each([
    ["2025-01-31", "month", 1, "2025-01-31 2025-02-28 2025-03-31 2025-04-30 2025-05-31"],
    ["2024-02-29", "year", 1, "2024-02-29 2025-02-28 2026-02-28 2027-02-28 2028-02-29"],
    ["2021-11-30", "month", 3, "2021-11-30 2022-02-28 2022-05-30 2022-08-30"], // Lago period.boundaries
    ["2025-08-31", "month", 6, "2025-08-31 2026-02-28 2026-08-31"],
    ["2024-12-29", "day", 5, "2024-12-29 2025-01-03 2025-01-08"], // Flexprice next_billing_date
    ["2024-02-26", "week", 2, "2024-02-26 2024-03-11 2024-03-25"],
  ] as const)("%s every %s × %i", (anchor, unit, count, starts) => {
    starts.split(" ").forEach((start, k) => {
      expect(formatInstant(periodStart(at(anchor), { unit, count }, "UTC", k))).toBe(`${start}T00:00:00Z`);
      expect(periodIndexAt(at(anchor), { unit, count }, "UTC", at(start))).toBe(k);
      expect(periodIndexAt(at(anchor), { unit, count }, "UTC", at(start) - 1)).toBe(k - 1);
    });
  });

  test("k may be negative", () => {
    expect(formatInstant(periodStart(at("2025-03-31"), MONTH, "UTC", -1))).toBe("2025-02-28T00:00:00Z");
    expect(periodAt(at("2025-03-31"), MONTH, "UTC", at("2025-02-27"))).toEqual({
      index: -2,
      start: at("2025-01-31"),
      end: at("2025-02-28"),
    });
  });

  test("the day is clamped in the zone, not in UTC", () => {
    // Flexprice next_billing_date: 31 January 00:00 in India
    const anchor = at("2024-01-30T18:30:00Z");
    expect(formatInstant(periodStart(anchor, MONTH, "Asia/Kolkata", 1))).toBe("2024-02-28T18:30:00Z");
    expect(formatInstant(periodStart(anchor, MONTH, "Asia/Kolkata", 2))).toBe("2024-03-30T18:30:00Z");
  });

  test("the local time of day stays over clock changes; a skipped one is the change, and the next is as before", () => {
    const anchor = at("2024-02-29T01:30:00Z"); // 02:30 in Paris
    const start = (k: number) => formatInstant(periodStart(anchor, { unit: "day", count: 1 }, "Europe/Paris", k));
    expect([30, 31, 32].map(start)).toEqual(["2024-03-30T01:30:00Z", "2024-03-31T01:00:00Z", "2024-04-01T00:30:00Z"]);
  });

  test("period 0 starts at the anchor also in the second of two equal hours", () => {
    const anchor = at("2024-10-27T01:30:00Z"); // the second 02:30 in Paris
    expect(periodAt(anchor, { unit: "day", count: 1 }, "Europe/Paris", anchor)).toEqual({
      index: 0,
      start: anchor,
      end: at("2024-10-28T01:30:00Z"),
    });
  });

  test("a date that the zone skips makes no endless loop (Kill Bill #445)", () => {
    const anchor = at("2011-12-28T10:00:00Z"); // midnight in Apia, which then skipped 30 December
    const day: Interval = { unit: "day", count: 1 };
    expect(show(periodAt(anchor, day, "Pacific/Apia", at("2011-12-30T09:59:59Z")))).toEqual([
      "2011-12-29T10:00:00Z",
      "2011-12-30T10:00:00Z",
    ]);
    expect(periodAt(anchor, day, "Pacific/Apia", at("2011-12-30T10:00:00Z"))).toMatchObject({ index: 3, end: at("2011-12-31T10:00:00Z") });
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("an interval of %d does not advance", (count) => {
    expect(() => periodStart(0, { unit: "month", count }, "UTC", 1)).toThrow(RangeError);
    expect(() => periodAt(0, { unit: "day", count }, "UTC", 0)).toThrow(RangeError);
    expect(() => alignAnchor(0, { unit: "day", count }, "UTC")).toThrow(RangeError);
  });

  test("no period holds what is no instant", () => {
    expect(() => periodAt(0, MONTH, "UTC", Number.NaN)).toThrow(RangeError);
  });
});

describe("whole periods", () => {
  // Lago period.boundaries; Lago's inclusive 23:59:59 is our next instant.
  test.each([
    ["2021-02-02", MONTH, "2022-03-01", "2022-02-02", "2022-03-02"],
    ["2022-01-01", MONTH, "2022-02-28", "2022-02-01", "2022-03-01"],
    ["2021-02-02", { unit: "week", count: 1 }, "2022-03-09", "2022-03-08", "2022-03-15"],
    ["2021-02-02", { unit: "month", count: 3 }, "2022-05-02", "2022-05-02", "2022-08-02"],
    ["2023-04-06", { unit: "month", count: 3 }, "2023-08-08", "2023-07-06", "2023-10-06"],
    ["2023-03-29", { unit: "year", count: 1 }, "2024-03-15", "2023-03-29", "2024-03-29"],
    ["2020-02-29", { unit: "year", count: 1 }, "2025-02-27", "2024-02-29", "2025-02-28"],
  ] as [string, Interval, string, string, string][])("%s %o at %s is [%s, %s)", (anchor, interval, moment, start, end) => {
    expect(fullPeriodAt(at(anchor), interval, "UTC", at(moment))).toEqual({ start: at(start), end: at(end) });
  });

  test.each([
    ["2022-02-02T15:00:00Z", MONTH, "UTC", "2022-02-01T00:00:00Z"],
    ["2022-05-17T15:00:00Z", { unit: "month", count: 3 }, "UTC", "2022-04-01T00:00:00Z"],
    ["2022-05-17T15:00:00Z", { unit: "month", count: 6 }, "UTC", "2022-01-01T00:00:00Z"],
    ["2022-05-17T15:00:00Z", { unit: "month", count: 5 }, "UTC", "2022-05-01T00:00:00Z"],
    ["2022-05-17T15:00:00Z", { unit: "year", count: 2 }, "UTC", "2022-01-01T00:00:00Z"],
    ["2022-05-17T15:00:00Z", { unit: "day", count: 3 }, "UTC", "2022-05-17T00:00:00Z"],
    ["2022-03-13T23:59:59Z", { unit: "week", count: 1 }, "UTC", "2022-03-07T00:00:00Z"],
    ["2022-03-07T00:00:00Z", { unit: "week", count: 1 }, "UTC", "2022-03-07T00:00:00Z"],
    ["1969-12-31T00:00:00Z", { unit: "week", count: 1 }, "UTC", "1969-12-29T00:00:00Z"],
    ["2022-03-07T00:00:00Z", { unit: "week", count: 1 }, "America/New_York", "2022-02-28T05:00:00Z"], // Lago period.boundaries
    ["2024-01-01T03:00:00Z", MONTH, "America/New_York", "2023-12-01T05:00:00Z"],
    ["2018-11-04T12:00:00Z", { unit: "day", count: 1 }, "America/Sao_Paulo", "2018-11-04T03:00:00Z"],
  ] as [string, Interval, string, string][])("%s %o in %s is aligned to %s", (startAt, interval, timeZone, anchor) => {
    expect(formatInstant(alignAnchor(at(startAt), interval, timeZone))).toBe(anchor);
  });

  test("the first period of a calendar-aligned subscription is cut at its start", () => {
    const startAt = at("2022-03-15T10:00:00Z");
    const anchor = alignAnchor(startAt, MONTH, "UTC");
    expect(servicePeriodAt(startAt, anchor, MONTH, "UTC", startAt)).toEqual({ index: 0, start: startAt, end: at("2022-04-01") });
    expect(servicePeriodAt(startAt, anchor, MONTH, "UTC", at("2022-04-01"))).toEqual({
      index: 1,
      start: at("2022-04-01"),
      end: at("2022-05-01"),
    });
    expect(daysOf(fullPeriodAt(anchor, MONTH, "UTC", startAt), "UTC")).toBe(31);
  });

  test("periods overlap where both hold an instant", () => {
    expect(overlap({ start: 0, end: 5 }, { start: 3, end: 9 })).toEqual({ start: 3, end: 5 });
    expect(overlap({ start: 0, end: 5 }, { start: 5, end: 9 })).toBeNull();
  });
});

describe("laws of periods", () => {
  const interval = fc.record({
    unit: fc.constantFrom("day" as const, "week" as const, "month" as const, "year" as const),
    count: fc.integer({ min: 1, max: 13 }),
  });
  const instant = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2060, 0, 1) });
  const zone = fc.constantFrom("UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe");

  // The rule once more, by Temporal: overflow is clamped, a repeated time is the earlier, a skipped one the change.
  function viaTemporal(anchor: number, { unit, count }: Interval, timeZone: string, k: number): number {
    const plain = Temporal.Instant.fromEpochMilliseconds(anchor).toZonedDateTimeISO(timeZone).toPlainDateTime();
    const moved = plain.add({ [`${unit}s`]: k * count });
    const earlier = moved.toZonedDateTime(timeZone, { disambiguation: "earlier" });
    return earlier.toPlainDateTime().equals(moved) ? earlier.epochMilliseconds : earlier.getTimeZoneTransition("next")!.epochMilliseconds;
  }

  test("UTC, without Temporal, is what Temporal says", () => {
    fc.assert(
      fc.property(instant, interval, fc.integer({ min: -300, max: 300 }), (anchor, every, k) => {
        expect(periodStart(anchor, every, "UTC", k)).toBe(viaTemporal(anchor, every, "UTC", k));
      }),
      { numRuns: 1_000 },
    );
  });

  test("so is every other zone", () => {
    fc.assert(
      fc.property(instant, interval, zone, fc.integer({ min: -40, max: 40 }), (anchor, every, timeZone, k) => {
        fc.pre(k !== 0);
        expect(periodStart(anchor, every, timeZone, k)).toBe(viaTemporal(anchor, every, timeZone, k));
      }),
      { numRuns: 500 },
    );
  });

  test("the period at an instant holds it, and its neighbours adjoin it", () => {
    fc.assert(
      fc.property(instant, instant, interval, zone, (anchor, moment, every, timeZone) => {
        const period = periodAt(anchor, every, timeZone, moment);
        expect(period.start <= moment && moment < period.end).toBe(true);
        expect(period.start).toBe(periodStart(anchor, every, timeZone, period.index));
        expect(period.end).toBe(periodStart(anchor, every, timeZone, period.index + 1));
        expect(periodIndexAt(anchor, every, timeZone, period.end)).toBeGreaterThan(period.index);
      }),
      { numRuns: 1_000 },
    );
  });

  test("a calendar anchor is at or before the start, and its first period holds the start", () => {
    fc.assert(
      fc.property(instant, interval, zone, (startAt, every, timeZone) => {
        const anchor = alignAnchor(startAt, every, timeZone);
        expect(anchor).toBeLessThanOrEqual(startAt);
        expect(periodIndexAt(anchor, every, timeZone, startAt)).toBe(0);
        expect(alignAnchor(anchor, every, timeZone)).toBe(anchor);
      }),
      { numRuns: 1_000 },
    );
  });
});
