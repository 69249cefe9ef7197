import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { HOUR } from "./civil.ts";
import { formatInstant, parseInstant } from "./instant.ts";
import { fromWall, isTimeZone, startOfDay, toWall } from "./zone.ts";

const at = (text: string) => parseInstant(text)!;

test.each(["UTC", "Europe/Paris", "America/Argentina/Buenos_Aires", "Asia/Kolkata", "Asia/Calcutta", "Etc/GMT+5"])(
  "%s is a zone",
  (name) => {
    expect(isTimeZone(name)).toBe(true);
    expect(isTimeZone(name)).toBe(true);
  },
);

test.each(["", "Mars/Olympus", "+05:30", "Europe/Paris ", "../etc", "UTC+1"])("%j is no zone", (name) => {
  expect(isTimeZone(name)).toBe(false);
});

test("an unknown zone is an error, never UTC", () => {
  expect(() => toWall("Mars/Olympus", 0)).toThrow(RangeError);
});

describe("local times that a clock change skips or repeats resolve to the first valid instant", () => {
  test.each([
    // zone, local time, instant
    ["Europe/Paris", "2024-03-31T02:30:00Z", "2024-03-31T01:00:00Z"], // skipped: the change itself
    ["Europe/Paris", "2024-03-31T02:00:00Z", "2024-03-31T01:00:00Z"],
    ["Europe/Paris", "2024-03-31T03:00:00Z", "2024-03-31T01:00:00Z"],
    ["Europe/Paris", "2024-03-31T01:59:59Z", "2024-03-31T00:59:59Z"],
    ["Europe/Paris", "2024-10-27T02:30:00Z", "2024-10-27T00:30:00Z"], // repeated: the earlier
    ["America/New_York", "2024-03-10T02:15:00Z", "2024-03-10T07:00:00Z"],
    ["America/New_York", "2024-11-03T01:15:00Z", "2024-11-03T05:15:00Z"],
    ["America/Sao_Paulo", "2018-11-04T00:00:00Z", "2018-11-04T03:00:00Z"], // no midnight that day
    ["Australia/Lord_Howe", "2024-10-06T02:15:00Z", "2024-10-05T15:30:00Z"], // half an hour
    ["Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-30T10:00:00Z"], // no 30 December at all
    ["Asia/Kolkata", "2024-01-01T00:00:00Z", "2023-12-31T18:30:00Z"],
  ])("%s %s is %s", (timeZone, wall, instant) => {
    expect(formatInstant(fromWall(timeZone, at(wall)))).toBe(instant);
  });
});

describe("against Temporal", () => {
  const zones = [
    "UTC",
    "Europe/Paris",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
  ];
  const zone = fc.constantFrom(...zones);
  const instant = fc.integer({ min: Date.UTC(1960, 0, 1), max: Date.UTC(2100, 0, 1) });
  const zoned = (epoch: number, timeZone: string) => Temporal.Instant.fromEpochMilliseconds(epoch).toZonedDateTimeISO(timeZone);

  test("the offset is Temporal's", () => {
    fc.assert(
      fc.property(zone, instant, (timeZone, epoch) => {
        expect(toWall(timeZone, epoch) - epoch).toBe(Math.floor(zoned(epoch, timeZone).offsetNanoseconds / 1e6));
      }),
      { numRuns: 600 },
    );
  });

  test("also in the hours around its clock changes, and whatever was looked up before", () => {
    for (const timeZone of zones.slice(1)) {
      for (let cursor = zoned(Date.UTC(2028, 0, 1), timeZone).getTimeZoneTransition("previous"), n = 0; cursor && n < 12; n++) {
        const change = cursor.epochMilliseconds;
        for (const epoch of [change - HOUR, change - 1, change, change + 1, change + HOUR]) {
          expect([timeZone, epoch, toWall(timeZone, epoch) - epoch]).toEqual([
            timeZone,
            epoch,
            zoned(epoch, timeZone).offsetNanoseconds / 1e6,
          ]);
        }
        cursor = cursor.getTimeZoneTransition("previous");
      }
    }
  });

  test("a local time resolves as Temporal's earlier, or where it is skipped to the change", () => {
    fc.assert(
      fc.property(zone, instant, (timeZone, wall) => {
        const plain = zoned(wall, "UTC").toPlainDateTime();
        const earlier = plain.toZonedDateTime(timeZone, { disambiguation: "earlier" });
        const skipped = !earlier.toPlainDateTime().equals(plain);
        const expected = skipped ? earlier.getTimeZoneTransition("next")!.epochMilliseconds : earlier.epochMilliseconds;
        expect(fromWall(timeZone, wall)).toBe(expected);
      }),
      { numRuns: 600 },
    );
  });

  test("a later local time is never an earlier instant, and midnight is where its date begins", () => {
    fc.assert(
      fc.property(zone, instant, fc.integer({ min: 0, max: 72 * HOUR }), (timeZone, wall, more) => {
        expect(fromWall(timeZone, wall + more)).toBeGreaterThanOrEqual(fromWall(timeZone, wall));
        const midnight = startOfDay(timeZone, wall);
        expect(midnight).toBeLessThanOrEqual(wall);
        expect(midnight).toBe(zoned(wall, timeZone).startOfDay().epochMilliseconds);
      }),
      { numRuns: 600 },
    );
  });
});
