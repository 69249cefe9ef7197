import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BEGINNING, FAR_FUTURE, formatInstant, formatMicros, parseInstant, parseMicros } from "./instant.ts";

describe("parseInstant", () => {
  test.each([
    ["2024-03-01T00:00:00Z", Date.UTC(2024, 2, 1)],
    ["2024-03-01t00:00:00z", Date.UTC(2024, 2, 1)],
    ["2024-03-01T05:30:00+05:30", Date.UTC(2024, 2, 1)],
    ["2024-02-29T16:00:00-08:00", Date.UTC(2024, 2, 1)],
    ["2024-03-01T00:00:00-00:00", Date.UTC(2024, 2, 1)],
    ["2024-03-01T00:00:00.5Z", Date.UTC(2024, 2, 1, 0, 0, 0, 500)],
    ["2024-03-01T00:00:00.999999999999Z", Date.UTC(2024, 2, 1, 0, 0, 0, 999)],
    ["1969-12-31T23:59:59.9999Z", -1],
    ["1969-12-31T23:59:59.0001Z", -1000],
    ["2000-02-29T00:00:00Z", Date.UTC(2000, 1, 29)],
    ["0001-01-01T00:00:00Z", -62135596800000],
    ["9999-12-31T23:59:59.999Z", 253402300799999],
  ])("%s is %i", (text, at) => {
    expect(parseInstant(text)).toBe(at);
  });

  test.each([
    "2023-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2024-04-31T00:00:00Z",
    "2024-00-01T00:00:00Z",
    "2024-13-01T00:00:00Z",
    "2024-01-00T00:00:00Z",
    "2016-12-31T23:59:60Z",
    "2024-01-01T24:00:00Z",
    "2024-01-01T00:60:00Z",
    "2024-01-01T00:00:00",
    "2024-01-01T00:00:00.Z",
    "2024-01-01T00:00:00,5Z",
    "2024-01-01T00:00:00ZZ",
    "2024-01-01T00:00:00+0530",
    "2024-01-01T00:00:00+24:00",
    "2024-01-01T00:00:00+05:60",
    "2024-01-01T00:00:00+05:30x",
    "2024-01-01 00:00:00Z",
    "2024-01-01T00:00Z",
    "2024-1-01T00:00:00Z",
    "2024-01-01T0 :00:00Z",
    "20240101T000000Z",
    "+02024-01-01T00:00:00Z",
    " 2024-01-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "٢٠٢٤-01-01T00:00:00Z",
    "today",
    "",
  ])("%j is none", (text) => {
    expect(parseInstant(text)).toBeNull();
    expect(parseMicros(text)).toBeNull();
  });

  test("never throws, and agrees with Date on whatever it accepts", () => {
    const piece = fc.constantFrom("2024", "0099", "-", "02", "29", "T", ":", "23", "59", ".", "123456", "Z", "+05:30", "-08:00", "z", "x");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 14 }).map((parts) => parts.join("")),
        ),
        (text) => {
          const at = parseInstant(text);
          if (at !== null) expect(at).toBe(Math.floor(new Date(text.toUpperCase()).getTime()));
        },
      ),
    );
  });
});

describe("formatInstant", () => {
  test.each([
    [Date.UTC(2024, 2, 1), "2024-03-01T00:00:00Z"],
    [Date.UTC(2024, 2, 1, 0, 0, 0, 123), "2024-03-01T00:00:00.123Z"],
    [Date.UTC(2024, 2, 1, 0, 0, 0, 100), "2024-03-01T00:00:00.100Z"],
    [-1, "1969-12-31T23:59:59.999Z"],
    [BEGINNING, "1970-01-01T00:00:00Z"],
    [FAR_FUTURE, "9999-12-31T00:00:00Z"],
  ])("%i is %s", (at, text) => {
    expect(formatInstant(at)).toBe(text);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 253402300800000, -62135596800001])("%d is out of range", (at) => {
    expect(() => formatInstant(at)).toThrow(RangeError);
  });

  test("comes back as it went", () => {
    fc.assert(
      fc.property(fc.integer({ min: -62135596800000, max: 253402300799999 }), (at) => parseInstant(formatInstant(at)) === at),
      { numRuns: 2_000 },
    );
  });
});

describe("microseconds", () => {
  test.each([
    ["2024-03-01T00:00:00Z", 1709251200000000, "2024-03-01T00:00:00Z"],
    ["2024-03-01T00:00:00.1Z", 1709251200100000, "2024-03-01T00:00:00.100Z"],
    ["2024-03-01T00:00:00.123456Z", 1709251200123456, "2024-03-01T00:00:00.123456Z"],
    ["2024-03-01T00:00:00.1234569Z", 1709251200123456, "2024-03-01T00:00:00.123456Z"],
    ["1969-12-31T23:59:59.999999Z", -1, "1969-12-31T23:59:59.999999Z"],
  ])("%s is %i", (text, us, printed) => {
    expect(parseMicros(text)).toBe(us);
    expect(formatMicros(us)).toBe(printed);
  });

  test("a time that a double cannot count in microseconds is none", () => {
    expect(parseMicros("9999-01-01T00:00:00Z")).toBeNull();
    expect(parseMicros("2255-06-05T00:00:00Z")).not.toBeNull();
  });
});
