import { describe, expect, test } from "vitest";
import { formatInstant, parseInstant } from "./instant.ts";
import { WINDOWS, type Window, windowAt } from "./window.ts";

const at = (text: string) => parseInstant(text)!;

describe("windowAt", () => {
  test.each([
    ["minute", "UTC", "2024-03-31T12:34:56Z", "2024-03-31T12:34:00Z", "2024-03-31T12:35:00Z"],
    ["hour", "UTC", "2024-03-31T12:34:56Z", "2024-03-31T12:00:00Z", "2024-03-31T13:00:00Z"],
    ["hour", "Asia/Kolkata", "2024-03-31T12:34:56Z", "2024-03-31T12:00:00Z", "2024-03-31T13:00:00Z"],
    ["day", "UTC", "2024-03-31T12:34:56Z", "2024-03-31T00:00:00Z", "2024-04-01T00:00:00Z"],
    ["day", "Asia/Kolkata", "2024-03-31T18:30:00Z", "2024-03-31T18:30:00Z", "2024-04-01T18:30:00Z"],
    ["day", "Europe/Paris", "2024-03-31T12:00:00Z", "2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z"], // 23 hours
    ["day", "Europe/Paris", "2024-10-27T12:00:00Z", "2024-10-26T22:00:00Z", "2024-10-27T23:00:00Z"], // 25 hours
    ["day", "America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"], // no midnight
    ["month", "UTC", "2024-02-29T23:59:59Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"],
    ["month", "UTC", "2024-12-31T00:00:00Z", "2024-12-01T00:00:00Z", "2025-01-01T00:00:00Z"],
    ["month", "America/New_York", "2024-03-01T04:59:59Z", "2024-02-01T05:00:00Z", "2024-03-01T05:00:00Z"],
    ["month", "America/New_York", "2024-03-01T05:00:00Z", "2024-03-01T05:00:00Z", "2024-04-01T04:00:00Z"],
    ["billing_period", "UTC", "2024-02-10T00:00:00Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"], // none: the month
    ["lifetime", "UTC", "2024-02-10T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T00:00:00Z"],
  ] as [Window, string, string, string, string][])("%s in %s at %s", (window, timeZone, moment, start, end) => {
    const found = windowAt(window, timeZone, at(moment), null);
    expect([formatInstant(found.start), formatInstant(found.end)]).toEqual([start, end]);
  });

  test("a billing period is what the subscription says it is", () => {
    const period = { start: at("2024-01-15T10:00:00Z"), end: at("2024-02-15T10:00:00Z") };
    expect(windowAt("billing_period", "UTC", at("2024-02-01T00:00:00Z"), period)).toEqual(period);
  });

  test("the instant at the end of each window is in the next", () => {
    for (const window of WINDOWS.filter((each) => each !== "lifetime")) {
      const first = windowAt(window, "Europe/Paris", at("2024-10-26T21:59:59.999Z"), null);
      expect([window, windowAt(window, "Europe/Paris", first.end, null).start]).toEqual([window, first.end]);
    }
  });
});
